#include <algorithm>
#include <new>

#include "image/codec.h"
#include "image/lcms.h"

namespace daclip {
namespace {

// False where the profile is not one of CMYK.
bool convert_by_profile(const Image& cmyk, Image& rgb) {
  if (cmyk.icc.empty()) return false;
  const LcmsProfile from = open_profile(cmyk.icc);
  if (!from || cmsGetColorSpace(from.get()) != cmsSigCmykData) return false;
  const LcmsProfile to(cmsCreate_sRGBProfile());
  const bool wide = cmyk.bits == 16;
  const LcmsTransform transform(cmsCreateTransform(from.get(), wide ? TYPE_CMYK_16 : TYPE_CMYK_8, to.get(),
                                                   wide ? TYPE_RGB_16 : TYPE_RGB_8, INTENT_PERCEPTUAL, 0));
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

}  // namespace

Image cmyk_to_rgb(const Image& cmyk) {
  Image rgb = start_image(uint64_t(cmyk.width), uint64_t(cmyk.height), 3, cmyk.bits);
  rgb.metadata = cmyk.metadata;
  rgb.data.resize(rgb.samples() * size_t(rgb.bits / 8));
  if (convert_by_profile(cmyk, rgb)) return rgb;
  if (cmyk.bits == 16)
    convert_plainly(cmyk.data16(), rgb.data16(), cmyk.pixels());
  else
    convert_plainly(cmyk.data.data(), rgb.data.data(), cmyk.pixels());
  return rgb;
}

Image lab_to_rgb(const Image& lab, bool is_signed) {
  const LcmsProfile from(cmsCreateLab4Profile(nullptr)), to(cmsCreate_sRGBProfile());
  const LcmsTransform transform(cmsCreateTransform(from.get(), TYPE_Lab_DBL, to.get(), TYPE_RGB_16,
                                                   INTENT_RELATIVE_COLORIMETRIC,
                                                   cmsFLAGS_NOOPTIMIZE | cmsFLAGS_NOCACHE));
  if (!transform) throw std::bad_alloc();
  Image rgb = start_image(uint64_t(lab.width), uint64_t(lab.height), lab.channels, 16);
  rgb.data.resize(rgb.samples() * 2);
  const size_t channels = size_t(lab.channels);
  const bool wide = lab.bits == 16;
  const auto stored = [&](size_t i) { return wide ? int(lab.data16()[i]) : int(lab.data[i]); };
  // a and b: 1 is 1 in 8 bit, 256 in 16; L of ICC's 16 bit reaches 100 at 0xff00.
  const auto chroma = [&](size_t i) {
    const int value = stored(i), half = wide ? 32768 : 128;
    return double(is_signed ? (value >= half ? value - 2 * half : value) : value - half) / (wide ? 256 : 1);
  };
  const double white = !wide ? 255 : is_signed ? 65535 : 0xff00;
  for (size_t i = 0; i < lab.pixels(); ++i) {
    const size_t at = i * channels;
    const cmsCIELab colour = {std::min(stored(at) * 100 / white, 100.0), chroma(at + 1), chroma(at + 2)};
    uint16_t srgb[3];
    cmsDoTransform(transform.get(), &colour, srgb, 1);
    for (size_t c = 0; c < 3; ++c) rgb.data16()[at + c] = srgb[c];
    if (channels == 4) rgb.data16()[at + 3] = uint16_t(wide ? lab.data16()[at + 3] : lab.data[at + 3] * 257);
  }
  return rgb;
}

Image to_8bit(const Image& image) {
  if (image.bits == 8) return image;
  Image result = start_image(uint64_t(image.width), uint64_t(image.height), image.channels, 8);
  result.icc = image.icc;
  result.metadata = image.metadata;
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
  result.metadata = image.metadata;
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

}  // namespace daclip
