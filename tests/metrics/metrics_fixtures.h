// Pictures and weights for the tests of network metrics.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/random.h"
#include "image/float_image.h"
#include "nets/perceptual.h"
#include "pipeline/temp_folder.h"
#include "weights/safetensors.h"

namespace daclip::test {

namespace fs = std::filesystem;

inline FloatImage random_picture(int width, int height, uint64_t seed) {
  Random random(seed);
  FloatImage image(width, height, 3);
  for (float& v : image.data) v = float(random.uniform());
  return image;
}

// An (H,W,C) array, or one picture of an (N,C,H,W) array; its values times `factor` plus `offset`.
inline FloatImage picture(const NamedArray& array, int64_t index = -1, float factor = 1, float offset = 0) {
  const bool planes = index >= 0;
  const auto dim = [&](size_t i) { return int(array.shape.at(planes ? i + 1 : i)); };
  FloatImage image(dim(planes ? 2 : 1), dim(planes ? 1 : 0), dim(planes ? 0 : 2));
  const std::vector<float> values = array.to_floats();
  const size_t start = planes ? size_t(index) * image.data.size() : 0;
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      for (int c = 0; c < image.channels; ++c) {
        const size_t row = planes ? size_t(c) * size_t(image.height) + size_t(y) : size_t(y);
        const size_t at = planes ? row * size_t(image.width) + size_t(x)
                                 : (row * size_t(image.width) + size_t(x)) * size_t(image.channels) + size_t(c);
        image.at(x, y, c) = values[start + at] * factor + offset;
      }
  return image;
}

// Weights that keep the signal's magnitude through the network, with torchvision's names.
inline NamedArrays random_net(PerceptualNet net, uint64_t seed) {
  Random random(seed);
  NamedArrays arrays;
  for (const WeightSpec& spec : perceptual_weights(net)) {
    std::vector<float> values(1);
    for (const int64_t d : spec.shape) values.resize(values.size() * size_t(d));
    for (float& v : values) v = float(spec.scale * (spec.shape.size() > 1 ? 1.4 : 0.2) * random.normal());
    arrays.arrays.emplace(spec.name, make_array(values, spec.shape));
  }
  return arrays;
}

// Heads with LPIPS's published names.
inline NamedArrays random_heads(PerceptualNet net, uint64_t seed) {
  Random random(seed);
  NamedArrays arrays;
  for (const int64_t channels : perceptual_channels(net)) {
    std::vector<float> values(static_cast<size_t>(channels));
    for (float& v : values) v = float(random.uniform());
    arrays.arrays.emplace(cat("lin", arrays.arrays.size(), ".model.1.weight"), make_array(values, {1, channels, 1, 1}));
  }
  return arrays;
}

inline fs::path folder_from(const char* variable, const char* fallback) {
  const char* folder = std::getenv(variable);
  return folder ? folder : fallback;
}

}  // namespace daclip::test
