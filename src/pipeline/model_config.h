// What a model file says of itself (safetensors metadata, JSON): networks, input preparation, labels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nets/clip.h"
#include "nets/nafnet.h"

namespace daclip {

// How a photo becomes the square that the CLIP towers see.
struct PreprocessConfig {
  enum class Kind {
    clip,    // shorter side resized to `size`, centre crop (SPEC 1)
    mosaic,  // top left the whole photo in `global` x `global`; around it native-resolution tiles, see preprocess.h
  } kind = Kind::clip;
  int size = 224;
  int global = 0;  // mosaic only: side of the whole-photo view, a multiple of `tile`
  int tile = 0;    // mosaic only: side of one native tile, a multiple of 16; size is a multiple of it
};

struct ModelConfig {
  std::string name;                 // "compact"
  ClipConfig clip;
  PreprocessConfig preprocess;
  std::vector<std::string> labels;  // rows of the tensor "labels" (count, embedding), unit length
  float logit_scale = 1;            // probabilities = softmax(logit_scale * cosine)
  std::optional<NafnetConfig> restorer;
};

// The tensors of a model file: "labels", "daclip.<published name>", "restorer.<published name>".

std::string to_json(const ModelConfig& config);

// Throws FormatError naming the missing or mistyped entry.
ModelConfig model_config_from_json(const std::string& text);

}  // namespace daclip
