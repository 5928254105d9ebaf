#include "pipeline/featureless.h"

#include <algorithm>

#include "image/pixels.h"

namespace daclip {

bool is_featureless(const Image& photo) {
  constexpr int kLeastSide = 32, kBlock = 16;
  constexpr float kLargestRange = 4 / 255.f;  // of the blocks' means: noise of sigma 10 moves them by 1 or 2 levels
  if (std::min(photo.width, photo.height) < kLeastSide) return false;
  float darkest[3] = {1, 1, 1}, brightest[3] = {0, 0, 0};
  for (int top = 0; top + kBlock <= photo.height; top += kBlock)
    for (int left = 0; left + kBlock <= photo.width; left += kBlock) {
      const FloatImage block = rgb_region(photo, left, top, kBlock, kBlock);
      float sum[3] = {};
      for (size_t i = 0; i < block.data.size(); ++i) sum[i % 3] += block.data[i];
      for (int c = 0; c < 3; ++c) {
        darkest[c] = std::min(darkest[c], sum[c] / (kBlock * kBlock));
        brightest[c] = std::max(brightest[c], sum[c] / (kBlock * kBlock));
      }
    }
  for (int c = 0; c < 3; ++c)
    if (brightest[c] - darkest[c] > kLargestRange) return false;
  return true;
}

}  // namespace daclip
