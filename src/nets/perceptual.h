// The convolutional parts of AlexNet, SqueezeNet 1.1 and VGG16 (torchvision's) up to where LPIPS looks into them,
// written once for every backend. Weight names are torchvision's: features.0.weight, features.3.squeeze.bias, ...
#pragma once

#include <string>
#include <vector>

#include "ops/backend.h"
#include "ops/weights.h"
#include "restoration/weight_spec.h"

namespace daclip {

enum class PerceptualNet { alex, squeeze, vgg };

const char* perceptual_net_name(PerceptualNet net);  // "alex", "squeeze", "vgg"

// Channels of each tap, in order: 5 of AlexNet and VGG16, 7 of SqueezeNet.
std::vector<int64_t> perceptual_channels(PerceptualNet net);

// Height and width that an input needs at least.
int64_t perceptual_least_size(PerceptualNet net);

// x (N,H,W,3), normalised as LPIPS does -> the taps (N,H_k,W_k,C_k), each behind a ReLU. Throws ShapeError for images
// below the least size.
std::vector<Tensor> perceptual_taps(Backend& backend, PerceptualNet net, const Scope& weights, const Tensor& x);

// Every weight that the network needs, in a fixed order.
std::vector<WeightSpec> perceptual_weights(PerceptualNet net);

}  // namespace daclip
