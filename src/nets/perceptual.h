// The convolutional layers of torchvision's AlexNet, SqueezeNet 1.1 and VGG16 up to LPIPS's last tap, for any backend.
// Weight names are torchvision's: features.0.weight, features.3.squeeze.bias, ...
#pragma once

#include <string>
#include <vector>

#include "image/float_image.h"
#include "ops/backend.h"
#include "ops/weights.h"
#include "restoration/weight_spec.h"

namespace daclip {

enum class PerceptualNet { alex, squeeze, vgg };

inline constexpr int kAllTaps = 7;

const char* perceptual_net_name(PerceptualNet net);  // "alex", "squeeze", "vgg"

// Channels of each tap, in order. AlexNet and VGG16 have 5 taps, SqueezeNet 7.
std::vector<int64_t> perceptual_channels(PerceptualNet net);

// Minimum height and width of an input.
int64_t perceptual_least_size(PerceptualNet net);

// x (N,H,W,3), normalised as in LPIPS -> the first `count` taps (N,H_k,W_k,C_k), each the output of a ReLU. Throws
// ShapeError for images below the minimum size.
std::vector<Tensor> perceptual_taps(Backend& backend, PerceptualNet net, const Scope& weights, const Tensor& x,
                                    int count = kAllTaps);

// Appends the picture's values as LPIPS's networks take them: RGB scaled to [-1,1], then normalised by ImageNet's
// statistics. rgb: in [0,1].
void append_normalised(const FloatImage& rgb, std::vector<float>& values);

// The weights that the first `count` taps need, in a fixed order.
std::vector<WeightSpec> perceptual_weights(PerceptualNet net, int count = kAllTaps);

}  // namespace daclip
