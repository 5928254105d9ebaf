// A model file: configuration, labels and the weights of DA-CLIP and of the restoration network.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "ops/backend.h"
#include "ops/weights.h"
#include "weights/named_arrays.h"

namespace daclip {

// A file whose configuration, tensor names and shapes are valid. The tensors still refer to the mapped file.
struct ModelFile {
  std::filesystem::path path;
  ModelConfig config;
  NamedArrays arrays;
  // By label, of a table of experts (experts.h); a label may have several.
  std::vector<std::pair<std::string, std::shared_ptr<const ModelFile>>> experts;

  int64_t parameters(std::string_view prefix = "") const;  // elements of all weights with this name prefix

  // Elements of the image tower and the controller as counted in the paper (DA-CLIP, Table 8), whose layer-by-layer
  // tool misses attention's projections and parameters outside layers.
  int64_t parameters_of_layers() const;
};

// A model file or a table of experts. Throws IoError (unreadable), FormatError (not a model), WeightsError (listing all
// missing, unexpected and mismatched tensors).
ModelFile read_model_file(const std::filesystem::path& path);

// Same for a file's bytes, which the arrays keep alive. `name` is the path in errors.
ModelFile read_model_bytes(std::vector<uint8_t> bytes, const std::string& name);

// The weights that a configuration needs, with their published names: of CLIP (with the text tower and the controller
// if present), and of the restoration network (none without one).
std::vector<WeightSpec> clip_weights(const ModelConfig& config);
std::vector<WeightSpec> restorer_weights(const ModelConfig& config);

class Expert;

// A model with its weights on a backend. It can run on that backend and others of the same kind and precision.
struct LoadedModel {
  ModelConfig config;
  std::vector<float> label_embeddings;  // (labels, embedding), rows of unit length
  Weights weights;                      // "daclip.*", "damage.*", "instruction.*" and "restorer.*"
  // By the label that they repair. Of several for one label, the best result is taken.
  std::map<std::string, std::vector<std::shared_ptr<const Expert>>, std::less<>> experts;
  std::vector<int32_t> merges;  // BPE merges of CLIP's vocabulary; empty unless in the file and loaded

  // The embedding of config.labels[index], of unit length.
  std::span<const float> label_embedding(int index) const;
  // Index of a label of this model, or -1 if unknown.
  int label_index(std::string_view name) const;
};

// Loads the weights onto the backend. `text_tower` includes the text tower and its vocabulary, which words.h needs.
// Throws WeightsError naming a tensor that holds NaN or infinity.
LoadedModel load_model(Backend& backend, const ModelFile& file, bool text_tower = false);

// The weights whose names begin with `prefix`. Throws WeightsError as load_model does.
Weights load_weights(Backend& backend, const ModelFile& file, std::string_view prefix);

// `model` is a file, a folder holding model.safetensors or experts.toml, or the name of such a folder in
// $DACLIP_MODELS (folders separated by colons), in models/ beside the program or in a folder above it, in the
// installation's share/daclip/models, and in models/ of the working folder. Throws IoError listing the searched
// folders.
std::filesystem::path find_model(const std::string& model);

}  // namespace daclip
