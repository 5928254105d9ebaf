#include "image/orientation.h"

#include <cstddef>
#include <utility>

namespace daclip {
namespace {

template <size_t kBytes>
void copy_pixels(const uint8_t* from, ptrdiff_t step_x, ptrdiff_t step_y, int width, int height, uint8_t* to) {
  for (int y = 0; y < height; ++y) {
    const uint8_t* pixel = from + y * step_y * ptrdiff_t(kBytes);
    for (int x = 0; x < width; ++x, pixel += step_x * ptrdiff_t(kBytes), to += kBytes)
      for (size_t i = 0; i < kBytes; ++i) to[i] = pixel[i];
  }
}

}  // namespace

Image upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool turned = orientation >= 5;
  const ptrdiff_t w = image.width, h = image.height;
  // Walking the result along x and y walks the stored picture by these steps, from the pixel that comes to lie top
  // left.
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const ptrdiff_t along = from_right ? -1 : 1, down = from_bottom ? -w : w;
  const ptrdiff_t step_x = turned ? down : along, step_y = turned ? along : down;
  Image result;
  result.width = int(turned ? h : w);
  result.height = int(turned ? w : h);
  result.channels = image.channels;
  result.bits = image.bits;
  result.data.resize(image.data.size());
  const size_t pixel = size_t(image.channels) * size_t(image.bits / 8);
  const uint8_t* from = image.data.data() + size_t((from_right ? w - 1 : 0) + (from_bottom ? (h - 1) * w : 0)) * pixel;
  uint8_t* to = result.data.data();
  switch (pixel) {
    case 1: copy_pixels<1>(from, step_x, step_y, result.width, result.height, to); break;
    case 2: copy_pixels<2>(from, step_x, step_y, result.width, result.height, to); break;
    case 3: copy_pixels<3>(from, step_x, step_y, result.width, result.height, to); break;
    case 4: copy_pixels<4>(from, step_x, step_y, result.width, result.height, to); break;
    case 6: copy_pixels<6>(from, step_x, step_y, result.width, result.height, to); break;
    default: copy_pixels<8>(from, step_x, step_y, result.width, result.height, to); break;
  }
  result.icc = std::move(image.icc);
  result.metadata = std::move(image.metadata);
  result.source = image.source;
  return result;
}

int inverse_orientation(int orientation) { return orientation == 6 ? 8 : orientation == 8 ? 6 : orientation; }

}  // namespace daclip
