// Weights of a TensorFlow.js graph model: model.json with its shards in one folder.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "weights/state_dict.h"

namespace daclip {

// Whether the path is a folder that holds model.json, or a file with that ending.
bool is_tfjs(const std::filesystem::path& path);

// A graph model has no named parameters: its weights are constants with the names of the operations that folding left
// behind. A parameter gets the name of the layer that consumes it, with dots for slashes and without the scopes that
// all layers share, and PyTorch's name and layout:
// - a Conv2D's filter: weight (O,I,kh,kw); an Einsum's matrix, of a dense layer: weight (O,I);
// - a 2 x 2 Conv2DBackpropInput's filter, of a transposed convolution with stride 2: weight (4 O,I,1,1), the 2 x 2
//   pixels of each channel in pixel_shuffle's order; its bias is repeated for them;
// - a vector that is added: bias; a vector that is multiplied: weight, of a norm.
// Other constants are ignored. Throws IoError, FormatError and LimitError.
StateDict read_tfjs(const std::filesystem::path& path);

// Same, from memory. `shard` gives a shard's bytes by its name, a plain file name. `where` names the input in errors.
using ShardReader = std::function<SharedBytes(const std::string& name)>;
StateDict parse_tfjs(std::span<const uint8_t> model, const ShardReader& shard, const std::string& where);

}  // namespace daclip
