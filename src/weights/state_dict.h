// The named weights of a checkpoint: a torch.save, torch.jit.save or safetensors file, or a TensorFlow.js graph model.
#pragma once

#include <filesystem>
#include <string>

#include "weights/mapped_file.h"
#include "weights/named_arrays.h"

namespace daclip {

struct StateDict {
  NamedArrays arrays;  // tensors with equal bytes may share them
  std::string origin;  // e.g. "torch.save archive, entry state_dict"
  bool torchscript = false;
};

// Finds the state dict: the whole file, or its first entry among state_dict, params_ema, params and model. Values that
// are not tensors, and everything beside the state dict such as an optimiser's state, are ignored. The prefix "module."
// is removed from names. A TensorFlow.js model is its folder or model.json (tfjs.h). Throws IoError, FormatError,
// LimitError.
StateDict read_state_dict(const std::filesystem::path& path);

// Same, from memory. `where` names the input in errors.
StateDict parse_state_dict(const SharedBytes& file, const std::string& where);

}  // namespace daclip
