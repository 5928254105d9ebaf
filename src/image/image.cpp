#include "image/image.h"

#include <cmath>

#include "core/error.h"

namespace daclip {
namespace {

template <class Sample>
void read_rgb(const Image& image, const Sample* from, FloatImage& rgb) {
  const float scale = 1.f / float(Sample(~Sample(0)));
  const int channels = image.channels;
  float* to = rgb.data.data();
  for (size_t i = 0, n = rgb.pixels(); i < n; ++i, from += channels, to += 3)
    for (int c = 0; c < 3; ++c) to[c] = float(from[channels >= 3 ? c : 0]) * scale;
}

// NaN becomes 0.
template <class Sample>
Sample quantised(float value) {
  constexpr float top = float(Sample(~Sample(0)));
  return value > 0 ? Sample(std::min(value, 1.f) * top + 0.5f) : Sample(0);
}

template <class Sample>
void write_rgb(const FloatImage& rgb, const Sample* like, Image& image, Sample* to) {
  const int channels = image.channels, colours = image.colour_channels();
  const float* from = rgb.data.data();
  for (size_t i = 0, n = rgb.pixels(); i < n; ++i, from += 3, to += channels) {
    if (colours == 3)
      for (int c = 0; c < 3; ++c) to[c] = quantised<Sample>(from[c]);
    else
      to[0] = quantised<Sample>((from[0] + from[1] + from[2]) / 3.f);
    if (image.has_alpha()) to[colours] = like[i * size_t(channels) + size_t(colours)];
  }
}

}  // namespace

void validate(const Image& image, std::string_view where) {
  const bool known = image.channels >= 1 && image.channels <= 4 && (image.bits == 8 || image.bits == 16);
  if (!known || image.width < 1 || image.height < 1 || image.data.size() != image.samples() * size_t(image.bits / 8))
    throw ShapeError(cat(where, ": an image of ", image.width, "x", image.height, ", ", image.channels, " channels, ",
                         image.bits, " bits holds ", image.data.size(), " bytes"));
}

FloatImage to_rgb(const Image& image) {
  validate(image, "to_rgb");
  FloatImage rgb(image.width, image.height, 3);
  if (image.bits == 16)
    read_rgb(image, image.data16(), rgb);
  else
    read_rgb(image, image.data.data(), rgb);
  return rgb;
}

Image from_rgb(const FloatImage& rgb, const Image& like) {
  validate(like, "from_rgb");
  if (rgb.width != like.width || rgb.height != like.height || rgb.channels != 3)
    throw ShapeError(cat("from_rgb: ", rgb.width, "x", rgb.height, "x", rgb.channels, " in the form of an image of ",
                         like.width, "x", like.height, ", expected the same size and 3 channels"));
  Image image = like;
  if (image.bits == 16)
    write_rgb(rgb, like.data16(), image, image.data16());
  else
    write_rgb(rgb, like.data.data(), image, image.data.data());
  return image;
}

Image from_rgb(const FloatImage& rgb) {
  if (rgb.channels != 3 || rgb.empty())
    throw ShapeError(cat("from_rgb: ", rgb.width, "x", rgb.height, "x", rgb.channels, ", expected 3 channels"));
  Image image;
  image.width = rgb.width;
  image.height = rgb.height;
  image.channels = 3;
  image.data.resize(rgb.data.size());
  for (size_t i = 0; i < rgb.data.size(); ++i) image.data[i] = quantised<uint8_t>(rgb.data[i]);
  return image;
}

}  // namespace daclip
