#include <lcms2.h>

#include <memory>

#include "image/codec.h"

namespace daclip {
namespace {

struct CloseProfile {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
};
using Profile = std::unique_ptr<void, CloseProfile>;

struct DeleteTransform {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};

// False where the profile is not one of CMYK.
bool convert_by_profile(const Image& cmyk, Image& rgb) {
  if (cmyk.icc.empty()) return false;
  const Profile from(cmsOpenProfileFromMem(cmyk.icc.data(), cmsUInt32Number(cmyk.icc.size())));
  if (!from || cmsGetColorSpace(from.get()) != cmsSigCmykData) return false;
  const Profile to(cmsCreate_sRGBProfile());
  const bool wide = cmyk.bits == 16;
  const std::unique_ptr<void, DeleteTransform> transform(
      cmsCreateTransform(from.get(), wide ? TYPE_CMYK_16 : TYPE_CMYK_8, to.get(), wide ? TYPE_RGB_16 : TYPE_RGB_8,
                         INTENT_PERCEPTUAL, 0));
  if (!transform) return false;
  const size_t width = size_t(cmyk.width), bytes = size_t(cmyk.bits / 8);
  for (size_t y = 0; y < size_t(cmyk.height); ++y)
    cmsDoTransform(transform.get(), cmyk.data.data() + y * width * 4 * bytes, rgb.data.data() + y * width * 3 * bytes,
                   cmsUInt32Number(width));
  return true;
}

template <class Sample>
void convert_plainly(const Sample* cmyk, Sample* rgb, size_t pixels) {
  constexpr uint64_t top = Sample(~Sample(0));
  for (size_t i = 0; i < pixels; ++i, cmyk += 4, rgb += 3)
    for (int c = 0; c < 3; ++c) rgb[c] = Sample(((top - cmyk[c]) * (top - cmyk[3]) + top / 2) / top);
}

template <size_t kBytes>
void copy_pixels(const uint8_t* from, ptrdiff_t step_x, ptrdiff_t step_y, int width, int height, uint8_t* to) {
  for (int y = 0; y < height; ++y) {
    const uint8_t* pixel = from + y * step_y * ptrdiff_t(kBytes);
    for (int x = 0; x < width; ++x, pixel += step_x * ptrdiff_t(kBytes), to += kBytes)
      for (size_t i = 0; i < kBytes; ++i) to[i] = pixel[i];
  }
}

}  // namespace

Image cmyk_to_rgb(const Image& cmyk) {
  Image rgb = start_image(uint64_t(cmyk.width), uint64_t(cmyk.height), 3, cmyk.bits);
  rgb.exif = cmyk.exif;
  rgb.data.resize(rgb.samples() * size_t(rgb.bits / 8));
  if (convert_by_profile(cmyk, rgb)) return rgb;
  if (cmyk.bits == 16)
    convert_plainly(cmyk.data16(), rgb.data16(), cmyk.pixels());
  else
    convert_plainly(cmyk.data.data(), rgb.data.data(), cmyk.pixels());
  return rgb;
}

Image to_8bit(const Image& image) {
  if (image.bits == 8) return image;
  Image result = start_image(uint64_t(image.width), uint64_t(image.height), image.channels, 8);
  result.icc = image.icc;
  result.exif = image.exif;
  result.data.resize(image.samples());
  const uint16_t* from = image.data16();
  for (size_t i = 0; i < result.data.size(); ++i) result.data[i] = uint8_t((uint32_t(from[i]) * 255 + 32767) / 65535);
  return result;
}

Image on_white(const Image& image) {
  if (!image.has_alpha()) return image;
  const size_t colours = size_t(image.colour_channels());
  Image result = start_image(uint64_t(image.width), uint64_t(image.height), int(colours), 8);
  result.icc = image.icc;
  result.exif = image.exif;
  result.data.resize(result.samples());
  const uint8_t* from = image.data.data();
  uint8_t* to = result.data.data();
  for (size_t i = 0; i < image.pixels(); ++i, from += colours + 1, to += colours)
    for (size_t c = 0; c < colours; ++c) {
      const unsigned alpha = from[colours];
      to[c] = uint8_t((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  return result;
}

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
  Image result = start_image(uint64_t(turned ? h : w), uint64_t(turned ? w : h), image.channels, image.bits);
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
  result.exif = std::move(image.exif);
  return result;
}

}  // namespace daclip
