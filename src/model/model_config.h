// What a model file says of itself (safetensors metadata, JSON): networks, input preparation, labels.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nets/clip.h"
#include "restoration/restoration_network.h"

namespace daclip {

// How a photo becomes the square that the CLIP towers see.
struct PreprocessConfig {
  enum class Kind {
    clip,    // shorter side resized to `size`, centre crop: open_clip's image transform
    mosaic,  // top left the whole photo in `global` x `global`; around it native-resolution tiles, see preprocess.h
  } kind = Kind::clip;
  int size = 224;
  int global = 0;   // mosaic only: side of the whole-photo view, a multiple of `tile`
  int tile = 0;     // mosaic only: side of one native tile, a multiple of 16; size is a multiple of it
  int texture = 0;  // mosaic only: side of the texture map, a multiple of `tile` that fits beside `global`; 0: none
};

// Fields and their ranges; rules between fields. validate() throws FormatError "preprocess.FIELD: ...".
void visit(ConfigVisitor& visitor, PreprocessConfig& config);
void validate(const PreprocessConfig& config);

struct ModelConfig {
  std::string name;  // "compact"

  std::optional<ClipConfig> clip;  // absent: a model that only restores, without contexts
  bool controller = true;          // false: plain CLIP, whose image embedding is used for content and degradation
  bool text_tower = false;         // the file holds the text tower and the logit scales
  int merges = 0;                  // rows of "tokenizer.merges", CLIP's BPE vocabulary; 0: free words cannot be read
  PreprocessConfig preprocess;
  std::vector<std::string> labels;  // rows of the tensor "labels" (count, embedding), unit length; empty without CLIP
  float logit_scale = 1;            // probabilities = softmax(logit_scale * cosine + label_bias)
  std::vector<float> label_bias;    // one for each label, or none: log of how much likelier it is than in training

  std::shared_ptr<const RestorationNetwork> restorer;  // absent: a model that only recognises
  bool label_steering =
      false;  // the restorer's degradation context is not e_d itself, as in the paper, but the mean of
              // the labels' embeddings weighted by their probabilities
};

// The tensors of a model file: "labels", "daclip.<published name>", "restorer.<published name>" (the restoration
// network's), "tokenizer.merges" (merges, 2) int32.

// Ranges, rules, and whether the parts fit together. Throws FormatError, so that later computations of sizes stay far
// from overflow.
void validate(const ModelConfig& config);

// The entry of a model file's metadata.
std::string to_json(const ModelConfig& config);

// The inverse. Throws FormatError naming the missing, mistyped or absurd entry.
ModelConfig model_config_from_json(const std::string& text);

}  // namespace daclip
