// What a model file says of itself (safetensors metadata, JSON): networks, input preparation, labels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nets/clip.h"
#include "nets/nafnet.h"
#include "nets/unet.h"
#include "sde/schedule.h"

namespace daclip {

// How a photo becomes the square that the CLIP towers see.
struct PreprocessConfig {
  enum class Kind {
    clip,    // shorter side resized to `size`, centre crop (open_clip's transform.py)
    mosaic,  // top left the whole photo in `global` x `global`; around it native-resolution tiles, see preprocess.h
  } kind = Kind::clip;
  int size = 224;
  int global = 0;   // mosaic only: side of the whole-photo view, a multiple of `tile`
  int tile = 0;     // mosaic only: side of one native tile, a multiple of 16; size is a multiple of it
  int texture = 0;  // mosaic only: side of the texture map, a multiple of `tile` that fits beside `global`; 0: none
};

struct ModelConfig {
  std::string name;  // "compact"

  std::optional<ClipConfig> clip;  // absent: a model that only restores, without contexts
  bool controller = true;          // false: plain CLIP, whose image embedding stands for content and degradation
  bool text_tower = false;         // the file holds the text tower and the logit scales
  int merges = 0;                  // rows of "tokenizer.merges", CLIP's BPE vocabulary; 0: free words cannot be read
  PreprocessConfig preprocess;
  std::vector<std::string> labels;  // rows of the tensor "labels" (count, embedding), unit length; empty without CLIP
  float logit_scale = 1;            // probabilities = softmax(logit_scale * cosine + label_bias)
  std::vector<float> label_bias;  // one per label, or empty for none: by how much likelier a label is than in training
                                  // (natural logarithm)

  // What restores, at most one of them: a network that answers at once, or one that predicts the noise of a diffusion.
  std::optional<NafnetConfig> restorer;
  std::optional<UnetConfig> unet;
  bool label_steering =
      false;      // the restorer's degradation context is not e_d itself, as in the paper, but the mean of
                  // the labels' embeddings weighted by their probabilities
  SdeConfig sde;  // of the U-Net
};

// The tensors of a model file: "labels", "daclip.<published name>", "restorer.<published name>" (NAFNet's or the
// U-Net's), "tokenizer.merges" (merges, 2) int32.

// Schedules by the names that configurations and the reference use: cosine, linear, constant. Throws FormatError.
const char* schedule_name(ThetaSchedule schedule);
ThetaSchedule schedule_from_name(const std::string& name);

// Throws FormatError for sizes that no network has, so that later computations of sizes stay far from overflow.
void check_bounds(const ModelConfig& config);

// The entry of a model file's metadata.
std::string to_json(const ModelConfig& config);

// The inverse. Throws FormatError naming the missing, mistyped or absurd entry.
ModelConfig model_config_from_json(const std::string& text);

}  // namespace daclip
