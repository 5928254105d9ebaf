// The named weights of a checkpoint: a torch.save, torch.jit.save or safetensors file, or a TensorFlow.js graph model.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "weights/mapped_file.h"
#include "weights/named_arrays.h"

namespace daclip {

struct StateDict {
  NamedArrays arrays;               // tensors with equal bytes may share them
  std::string origin;               // e.g. "torch.save file, entry state_dict"
  std::vector<std::string> choice;  // the entries that could have been taken, where there were several
  bool entry_found = false;         // the entry that was asked for is there
  bool torchscript = false;
};

// Finds the state dict: the whole file, or an entry of it. `entry` names one, or the start of the tensors' names
// ("net"); a file without it is read as if none were named. Otherwise averaged weights (params_ema, ema...) are
// preferred to the others (state_dict, model...). Values that are not tensors, and everything beside the state dict
// such as an optimiser's state, are ignored. What wrappers put before the names is removed: "module.", "_orig_mod.",
// and others ("net.", "model.") where all names have it. A TensorFlow.js model is its folder or model.json
// (tfjs.h). Throws IoError, FormatError, LimitError.
StateDict read_state_dict(const std::filesystem::path& path, const std::string& entry = "");

// Same, from memory. `where` names the input in errors.
StateDict parse_state_dict(const SharedBytes& file, const std::string& where, const std::string& entry = "");

}  // namespace daclip
