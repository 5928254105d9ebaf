// A model file: configuration, labels and the weights of DA-CLIP and of the restoration network.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "ops/backend.h"
#include "ops/weights.h"
#include "weights/named_arrays.h"

namespace daclip {

// A file whose configuration and tensor names and shapes have been checked; the tensors still lie in the mapped file.
struct ModelFile {
  std::filesystem::path path;
  ModelConfig config;
  NamedArrays arrays;
  int64_t parameters(std::string_view prefix = "") const;  // elements of the weights whose names start so

  // Of the image tower and the controller what a tool finds that counts layer by layer, as the paper did (DA-CLIP,
  // Table 8): without attention's projections and parameters that belong to no layer.
  int64_t parameters_of_layers() const;
};

// Throws IoError (cannot be read), FormatError (not a model), WeightsError (missing, unexpected and mismatched tensors,
// all in one message).
ModelFile read_model_file(const std::filesystem::path& path);

// The same from a file's bytes, which the arrays keep; `name` is the path in errors.
ModelFile read_model_bytes(std::vector<uint8_t> bytes, const std::string& name);

// The tensors that a configuration needs, under their published names: of CLIP and the controller (the text tower too,
// where the file holds it), and of the restoration network (none without one).
std::vector<WeightSpec> clip_weights(const ModelConfig& config);
std::vector<WeightSpec> restorer_weights(const ModelConfig& config);

// Ready to run on the backend that it was loaded onto, and on others of its kind and precision.
struct LoadedModel {
  ModelConfig config;
  std::vector<float> label_embeddings;  // (labels, embedding), rows of unit length
  Weights weights;                      // "daclip.*" and "restorer.*"
  std::vector<int32_t> merges;          // CLIP's vocabulary for the tokenizer, where it was loaded and the file has it

  // Euclidean length 1 each: the embedding of config.labels[index].
  std::span<const float> label_embedding(int index) const;
  // Index of a label of this model, or -1.
  int label_index(std::string_view name) const;
};

// Puts the weights onto the backend, the text tower and its vocabulary only where they are asked for (words.h needs
// them). Throws WeightsError naming a tensor that holds NaN or infinity.
LoadedModel load_model(Backend& backend, const ModelFile& file, bool text_tower = false);

// `model` is a file, a folder holding model.safetensors, or a name that is looked up as NAME/model.safetensors in
// $DACLIP_MODELS (folders separated by colons), in models/ beside the program or in a folder above it, in the
// installation's share/daclip/models, and in models/ of the working folder. Throws IoError listing where it was looked
// for.
std::filesystem::path find_model(const std::string& model);

}  // namespace daclip
