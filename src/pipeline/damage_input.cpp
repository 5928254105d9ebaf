#include "pipeline/damage_input.h"

#include <algorithm>

#include "image/pixels.h"
#include "image/resize.h"
#include "nets/perceptual.h"

namespace daclip {
namespace {

// whole: the photo, perhaps reduced. native(left, top, width, height): a part of the full photo.
template <class NativePart>
DamageInput make_input(const FloatImage& whole, int width, int height, NativePart native, const DamageConfig& config) {
  DamageInput input;
  input.view.reserve(size_t(config.view) * size_t(config.view) * 3);
  append_normalised(resize(whole, config.view, config.view, Filter::bilinear), input.view);
  input.tiles.reserve(size_t(config.grid * config.grid) * size_t(config.tile) * size_t(config.tile) * 3);
  const auto position = [&](int index, int length) {
    const int room = std::max(0, length - config.tile);
    return int(int64_t(2 * index + 1) * room / (2 * config.grid)) / 8 * 8;
  };
  for (int row = 0; row < config.grid; ++row)
    for (int column = 0; column < config.grid; ++column) {
      const int left = position(column, width), top = position(row, height);
      const FloatImage part =
          native(left, top, std::min(config.tile, width - left), std::min(config.tile, height - top));
      append_normalised(continued(part, config.tile, config.tile), input.tiles);
    }
  return input;
}

}  // namespace

DamageInput damage_input(const FloatImage& rgb, const DamageConfig& config) {
  return make_input(
      rgb, rgb.width, rgb.height,
      [&](int left, int top, int width, int height) {
        FloatImage part(width, height, 3);
        for (int y = 0; y < height; ++y) std::copy_n(rgb.row(top + y) + left * 3, size_t(width) * 3, part.row(y));
        return part;
      },
      config);
}

DamageInput damage_input(const Image& image, const DamageConfig& config) {
  return make_input(
      overview(image, config.view), image.width, image.height,
      [&](int left, int top, int width, int height) { return rgb_region(image, left, top, width, height); }, config);
}

}  // namespace daclip
