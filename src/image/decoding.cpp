// What every reader uses, those in plug-ins too.
#include <climits>
#include <cstring>

#include "core/error.h"
#include "image/codec.h"

namespace daclip {

void check_size(std::string_view where, uint64_t width, uint64_t height, const DecodeLimits& limits) {
  if (width == 0 || height == 0) throw FormatError(cat(where, ": a picture of ", width, "x", height, " pixels"));
  // Sides up to 2^31 keep the product within 64 bits; rows of eight-byte pixels stay addressable by int.
  if (width > INT_MAX / 8 || height > INT_MAX || width * height > limits.max_pixels)
    throw LimitError(cat(where, ": ", width, "x", height, " pixels, at most ", limits.max_pixels, " are accepted"));
}

void fail_decoding(std::string_view where, std::string_view format, std::string_view text) {
  std::string line(text.substr(0, 200));
  for (char& c : line)
    if (uint8_t(c) < 0x20 || uint8_t(c) >= 0x7f) c = ' ';
  while (!line.empty() && (line.back() == ' ' || line.back() == '.')) line.pop_back();
  throw FormatError(cat(where, ": cannot be read as ", format, ": ", line));
}

void drop_alpha(Image& image) {
  if (!image.has_alpha()) return;
  const size_t colours = size_t(image.colour_channels());
  for (size_t i = 0; i < image.pixels(); ++i)
    std::memmove(image.data.data() + i * colours, image.data.data() + i * (colours + 1), colours);
  image.channels = int(colours);
  image.data.resize(image.samples());
}

void drop_opaque_alpha(Image& image) {
  const size_t channels = size_t(image.channels);
  for (size_t i = channels - 1; i < image.data.size(); i += channels)
    if (image.data[i] != 255) return;
  drop_alpha(image);
}

Image start_image(uint64_t width, uint64_t height, int channels, int bits) {
  Image image;
  image.width = int(width);
  image.height = int(height);
  image.channels = channels;
  image.bits = bits;
  image.data.reserve(image.samples() * size_t(bits / 8));
  return image;
}

}  // namespace daclip
