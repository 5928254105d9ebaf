// BLIP's captioner (Li et al. 2022): a vision transformer, and a BERT decoder that attends to it, for any backend.
// Weights have the published names: visual_encoder.*, text_decoder.*.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ops/backend.h"
#include "ops/weights.h"
#include "restoration/weight_spec.h"
#include "weights/named_arrays.h"

namespace daclip {

struct BlipConfig {
  int image_size = 384, patch = 16, vision_width = 1024, vision_layers = 24, vision_heads = 16;
  int vocab = 30524, positions = 512, width = 768, layers = 12, heads = 12, hidden = 3072;

  int64_t tokens() const { return int64_t(image_size / patch) * (image_size / patch) + 1; }
};

// All weights that the configuration needs, in a fixed order.
std::vector<WeightSpec> blip_weights(const BlipConfig& config);

// Whether published checkpoints hold a tensor of this name that the captioner does not use.
bool unused_by_blip(std::string_view name);

// Derives the configuration from a checkpoint's tensor shapes. Heads are not in them: 0 means one for each 64 channels.
// Throws WeightsError if it is not BLIP's captioner, and LimitError for absurd sizes, naming `where`.
BlipConfig detect_blip(const NamedArrays& arrays, const std::string& where, int vision_heads = 0, int heads = 0);

// image (N,S,S,3), normalised by CLIP's mean and deviation -> (N,T,vision_width), class token first.
Tensor blip_encode_image(Backend& backend, const BlipConfig& config, const Scope& weights, const Tensor& image);

// The decoder with the pictures that it looks at. Computes their keys and values once.
class BlipDecoder {
 public:
  // image: of blip_encode_image(), for one picture or several. Keeps references to the first three.
  BlipDecoder(Backend& backend, const BlipConfig& config, const Scope& weights, const Tensor& image);

  // ids (rows,T), row by row -> logits of the token that follows each: (rows,T,vocab). Rows are shared evenly between
  // the pictures, in order.
  Tensor logits(std::span<const int64_t> ids, int64_t rows) const;

  // Those of the token that follows the last one: (rows,vocab).
  Tensor next_logits(std::span<const int64_t> ids, int64_t rows) const;

 private:
  Tensor hidden(std::span<const int64_t> ids, int64_t rows) const;
  Tensor predict(const Tensor& x) const;

  Backend& b_;
  const BlipConfig& config_;
  const Scope& w_;
  struct KeysValues {
    Tensor keys, values;  // (pictures,T,width)
  };
  std::vector<KeysValues> seen_;  // of each layer
};

}  // namespace daclip
