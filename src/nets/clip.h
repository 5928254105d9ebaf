// CLIP's image and text towers (open_clip's transformer.py) and the image controller (DA-CLIP, Section 3.1), for any
// backend. Weight names are the published ones.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/config_visitor.h"
#include "ops/backend.h"
#include "ops/weights.h"
#include "restoration/weight_spec.h"

namespace daclip {

struct VisionConfig {
  int image_size = 224, patch = 32, width = 768, layers = 12, heads = 12;
  int tokens() const { return (image_size / patch) * (image_size / patch) + 1; }
};

struct TextConfig {
  int context = 77, vocab = 49408, width = 512, layers = 12, heads = 8;
};

// reversed: encoder block 1 receives the controller's last output. The published weights require this order.
enum class ControlOrder { reversed, forward };

struct ClipConfig {
  VisionConfig vision;
  TextConfig text;
  int embedding = 512;
  bool quick_gelu = false;
  ControlOrder control_order = ControlOrder::reversed;
  // Output channels of the controller's convolutional stem: 3x3 convolutions with stride 2 and GELU, whose features are
  // added to the patch embedding. A stem learns textures from far fewer photos (Xiao et al. 2021). Published
  // controllers have none. vision.patch must be a multiple of 2^control_stem.size().
  std::vector<int> control_stem{};
};

// visit() lists the fields with their ranges; the towers are the sections "vision" and "text". validate() checks ranges
// and consistency and throws FormatError "clip.FIELD: VALUE: expected RANGE".
void visit(ConfigVisitor& visitor, VisionConfig& config);
void visit(ConfigVisitor& visitor, TextConfig& config);
void visit(ConfigVisitor& visitor, ClipConfig& config);
void validate(const ClipConfig& config);

struct ImageFeatures {
  Tensor content;              // e_c (N,E), not normalised
  Tensor degradation;          // e_d (N,E), not normalised
  std::vector<Tensor> hidden;  // h_1..h_L, (N,T,width)
};

// image (N,S,S,3), normalised by CLIP's mean and deviation -> (N,E), not normalised. `weights`: the scope that holds
// conv1.weight, class_embedding, ...
Tensor encode_image(Backend& backend, const VisionConfig& config, bool quick_gelu, const Scope& weights,
                    const Tensor& image);

// Runs the controller, then the encoder controlled by it. `weights` holds clip.visual.* and visual_control.*.
ImageFeatures encode_image_controlled(Backend& backend, const ClipConfig& config, const Scope& weights,
                                      const Tensor& image);

// Only e_d (N,E), from the controller without the encoder, at half the cost. Equals encode_image_controlled()'s.
Tensor encode_degradation(Backend& backend, const ClipConfig& config, const Scope& weights, const Tensor& image);

// ids (rows * context): token ids; the end token is the largest id of its row -> (rows,E), not normalised. `weights`
// holds token_embedding.weight, positional_embedding, transformer.*, ln_final.*, text_projection.
Tensor encode_text(Backend& backend, const ClipConfig& config, const Scope& weights, std::span<const int64_t> ids);

// The weights that encode_text() takes, in a fixed order.
std::vector<WeightSpec> text_weights(const ClipConfig& config);

// All weights in a fixed order: clip.visual.*; with `controller` also visual_control.*; with `text` also the text tower
// (clip.transformer.*, ...) and the logit scales (1), which are scalars in published files. Zero connections (DA-CLIP,
// Section 3.1) and the stem's projection are initialised with zeros, logit scales with log(1/0.07), and all others as
// published for CLIP.
std::vector<WeightSpec> daclip_weights(const ClipConfig& config, bool controller, bool text);

}  // namespace daclip
