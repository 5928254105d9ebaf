// The named weights in a checkpoint of any kind: what torch.save and torch.jit.save write, and safetensors.
#pragma once

#include <filesystem>
#include <string>

#include "weights/mapped_file.h"
#include "weights/named_arrays.h"

namespace daclip {

struct StateDict {
  NamedArrays arrays;  // tensors with equal bytes may share them
  std::string origin;  // "torch.save archive, entry state_dict"
  bool torchscript = false;
};

// A state dict that is the whole file or stands in it under state_dict, params_ema, params or model (the first of
// them); what is no tensor and what stands beside it, such as an optimiser's state, is not read. "module." in front of
// names is dropped. Throws IoError, FormatError, LimitError.
StateDict read_state_dict(const std::filesystem::path& path);

// The same from memory. `where` names the input in errors.
StateDict parse_state_dict(const SharedBytes& file, const std::string& where);

}  // namespace daclip
