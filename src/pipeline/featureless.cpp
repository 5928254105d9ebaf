#include "pipeline/featureless.h"

#include <algorithm>

#include "image/pixels.h"

namespace daclip {

bool is_featureless(const Image& photo) {
  constexpr int kLeastSide = 32;
  constexpr float kLargestRange = 4 / 255.f;  // of the blocks' means: noise of sigma 10 moves them by 1 or 2 levels
  const int least = std::min(photo.width, photo.height);
  if (least < kLeastSide) return false;
  const int block = std::max(16, least / 64);  // a large photo has more blocks, so their means must vary less
  float darkest[3] = {1, 1, 1}, brightest[3] = {0, 0, 0};
  for (int top = 0; top < photo.height; top += block)
    for (int left = 0; left < photo.width; left += block) {
      const FloatImage part =
          rgb_region(photo, std::min(left, photo.width - block), std::min(top, photo.height - block), block, block);
      double sum[3] = {};
      for (size_t i = 0; i < part.data.size(); ++i) sum[i % 3] += double(part.data[i]);
      for (int c = 0; c < 3; ++c) {
        const auto mean = float(sum[c] / double(part.pixels()));
        darkest[c] = std::min(darkest[c], mean);
        brightest[c] = std::max(brightest[c], mean);
        if (brightest[c] - darkest[c] > kLargestRange) return false;
      }
    }
  return true;
}

}  // namespace daclip
