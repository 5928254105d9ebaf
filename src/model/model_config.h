// The configuration in a model file (JSON in the safetensors metadata): networks, preprocessing, labels.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nets/clip.h"
#include "nets/damage_net.h"
#include "nets/instruction_net.h"
#include "restoration/restoration_network.h"

namespace daclip {

// How a photo is converted to the square input of the CLIP towers.
struct PreprocessConfig {
  enum class Kind {
    clip,    // shorter side resized to `size`, centre crop: open_clip's image transform
    mosaic,  // a global view and tiles at native resolution, see preprocess.h
  } kind = Kind::clip;
  int size = 224;
  int global = 0;   // mosaic only: side of the whole-photo view, a multiple of `tile`
  int tile = 0;     // mosaic only: side of one native tile, a multiple of 16; size is a multiple of it
  int texture = 0;  // mosaic only: side of the texture map, a multiple of `tile` that fits beside `global`; 0: none
};

// visit() lists the fields with their ranges. validate() checks ranges and consistency and throws FormatError
// "preprocess.FIELD: ...".
void visit(ConfigVisitor& visitor, PreprocessConfig& config);
void validate(const PreprocessConfig& config);

struct ModelConfig {
  std::string name;  // "compact"

  std::optional<ClipConfig> clip;  // absent: the model only restores, without contexts
  bool controller = true;          // false: plain CLIP, whose image embedding serves as content and degradation
  bool text_tower = false;         // the file holds the text tower and the logit scales
  int merges = 0;                  // rows of "tokenizer.merges", CLIP's BPE vocabulary; 0: no free text
  PreprocessConfig preprocess;
  std::vector<std::string> labels;  // rows of the tensor "labels" (count, embedding), unit length; empty without CLIP
  float logit_scale = 1;            // probabilities = softmax(logit_scale * cosine + label_bias)
  std::vector<float> label_bias;    // one per label, or none: log prior relative to training

  // Decides about the labels before "clean" in place of e_d, if present; the labels then end in "clean".
  std::optional<DamageConfig> damage;

  // Understands sentences about the kinds of damage, if present; the labels then end in "clean".
  std::optional<InstructionConfig> instruction;
  std::vector<std::string> words;  // its vocabulary (text/word_tokenizer.h); empty without it

  std::shared_ptr<const RestorationNetwork> restorer;  // absent: the model only recognises
  // The restorer's degradation context is the mean of the labels' embeddings, weighted by their probabilities, instead
  // of e_d as in the paper.
  bool label_steering = false;
};

// The tensors of a model file: "labels", "daclip.<published name>", "damage.<name>" (nets/damage_net.h),
// "instruction.<name>" (nets/instruction_net.h), "restorer.<published name>" (the restoration network's),
// "tokenizer.merges" (merges, 2) int32.

// Checks ranges, rules within and between the parts. Throws FormatError. Sizes computed from a valid configuration
// cannot overflow.
void validate(const ModelConfig& config);

// The JSON text for a model file's metadata.
std::string to_json(const ModelConfig& config);

// The inverse of to_json(). Throws FormatError naming the missing, mistyped or out-of-range entry.
ModelConfig model_config_from_json(const std::string& text);

}  // namespace daclip
