#include "image/seen.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "image/codec.h"
#include "image/icc.h"
#include "image/lcms.h"
#include "image/pixels.h"

namespace daclip {
namespace {

// Without lcms's tables, which are coarse in the shadows of linear profiles.
constexpr cmsUInt32Number kFlags = cmsFLAGS_NOOPTIMIZE | cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION;

struct Transforms {
  LcmsTransform to_srgb, from_srgb;  // 16 bit, the profile's grey or RGB to and from RGB
};

// Empty where the profile does not fit or cannot be used.
Transforms transforms_of(const std::vector<uint8_t>& icc, int colours) {
  const LcmsProfile own = open_profile(icc);
  if (!own || cmsGetColorSpace(own.get()) != (colours == 1 ? cmsSigGrayData : cmsSigRgbData)) return {};
  const LcmsProfile srgb(cmsCreate_sRGBProfile());
  const cmsUInt32Number format = colours == 1 ? TYPE_GRAY_16 : TYPE_RGB_16;
  Transforms result;
  result.to_srgb.reset(
      cmsCreateTransform(own.get(), format, srgb.get(), TYPE_RGB_16, INTENT_RELATIVE_COLORIMETRIC, kFlags));
  result.from_srgb.reset(
      cmsCreateTransform(srgb.get(), TYPE_RGB_16, own.get(), format, INTENT_RELATIVE_COLORIMETRIC, kFlags));
  if (!result.to_srgb || !result.from_srgb) return {};
  return result;
}

// Whether colours through the whole range stay within three quarters of a level of 255.
bool changes_nothing(const LcmsTransform& to_srgb, int colours) {
  constexpr int kSteps = 9, kTolerance = 193;
  for (int i = 0; i < (colours == 1 ? kSteps : kSteps * kSteps * kSteps); ++i) {
    const int at[] = {i % kSteps, i / kSteps % kSteps, i / kSteps / kSteps};
    uint16_t own[3], srgb[3];
    for (int c = 0; c < 3; ++c) own[c] = uint16_t(at[colours == 1 ? 0 : c] * 65535 / (kSteps - 1));
    cmsDoTransform(to_srgb.get(), own, srgb, 1);
    for (int c = 0; c < 3; ++c)
      if (std::abs(int(srgb[c]) - int(own[c])) > kTolerance) return false;
  }
  return true;
}

bool clips_highlights(const std::vector<uint8_t>& icc) {
  const std::optional<Cicp> cicp = cicp_of_icc(icc);
  return cicp && (cicp->transfer == kPqTransfer || cicp->transfer == kHlgTransfer);
}

uint16_t sample16(const Image& image, size_t i) {
  return image.bits == 16 ? image.data16()[i] : uint16_t(image.data[i] * 257);
}

// One row's colours, 16 bit.
void read_colours(const Image& image, size_t y, std::vector<uint16_t>& row) {
  const size_t width = size_t(image.width), channels = size_t(image.channels),
               colours = size_t(image.colour_channels());
  row.resize(width * colours);
  for (size_t x = 0; x < width; ++x)
    for (size_t c = 0; c < colours; ++c) row[x * colours + c] = sample16(image, (y * width + x) * channels + c);
}

Image converted(const Image& photo, const LcmsTransform& to_srgb) {
  Image seen = start_image(uint64_t(photo.width), uint64_t(photo.height), photo.channels, 16);
  seen.data.resize(seen.samples() * 2);
  const size_t width = size_t(photo.width), channels = size_t(photo.channels),
               colours = size_t(photo.colour_channels());
  std::vector<uint16_t> own, rgb(width * 3);
  for (size_t y = 0; y < size_t(photo.height); ++y) {
    read_colours(photo, y, own);
    cmsDoTransform(to_srgb.get(), own.data(), rgb.data(), cmsUInt32Number(width));
    for (size_t x = 0; x < width; ++x) {
      const size_t at = (y * width + x) * channels;
      for (size_t c = 0; c < colours; ++c) seen.data16()[at + c] = rgb[x * 3 + c];
      if (photo.has_alpha()) seen.data16()[at + colours] = sample16(photo, at + colours);
    }
  }
  return seen;
}

bool hidden(const Image& image, size_t pixel) { return sample16(image, (pixel + 1) * size_t(image.channels) - 1) == 0; }

bool hides_something(const Image& image) {
  if (!image.has_alpha()) return false;
  for (size_t i = 0; i < image.pixels(); ++i)
    if (hidden(image, i)) return true;
  return false;
}

// Pixels of a walk along a row or column, from `begin` up to `end`.
struct Run {
  size_t begin, end;

  // The pixel that lies as far inside the run as `i` lies outside of it: noise and texture go on as they are.
  size_t mirrored(size_t i) const {
    const int length = int(end - begin);
    return i < begin ? begin + size_t(reflected(int(begin - i) - 1, length))
                     : end - 1 - size_t(reflected(int(i - end), length));
  }
  size_t distance(size_t i) const { return i < begin ? begin - i : i - end + 1; }
};

// Along `count` pixels, `step` apart, the unknown ones continue the nearest known ones as a mirror would. All are known
// then, if one was.
void continue_along(Image& image, std::vector<uint8_t>& known, size_t start, size_t step, size_t count) {
  const size_t channels = size_t(image.channels), sample = size_t(image.bits / 8);
  std::vector<Run> runs;
  for (size_t i = 0; i < count; ++i) {
    if (!known[start + i * step]) continue;
    if (runs.empty() || runs.back().end != i) runs.push_back({i, i});
    runs.back().end = i + 1;
  }
  if (runs.empty()) return;
  for (size_t i = 0, next = 0; i < count; ++i) {
    while (next < runs.size() && runs[next].end <= i) ++next;
    if (next < runs.size() && runs[next].begin <= i) continue;
    const bool before = next > 0 && (next == runs.size() || runs[next - 1].distance(i) <= runs[next].distance(i));
    const size_t from = start + runs[before ? next - 1 : next].mirrored(i) * step, to = start + i * step;
    std::copy_n(image.data.begin() + ptrdiff_t(from * channels * sample), size_t(image.colour_channels()) * sample,
                image.data.begin() + ptrdiff_t(to * channels * sample));
    known[to] = 1;
  }
}

// What is hidden continues the visible pixels of its row; rows without any, the rows above and below.
void fill_hidden(Image& image) {
  std::vector<uint8_t> known(image.pixels());
  for (size_t i = 0; i < known.size(); ++i) known[i] = !hidden(image, i);
  const size_t width = size_t(image.width), height = size_t(image.height);
  for (size_t y = 0; y < height; ++y) continue_along(image, known, y * width, 1, width);
  for (size_t x = 0; x < width; ++x) continue_along(image, known, x, width, height);
}

// How much of what sRGB does not reach (saturated colours, highlights) a pixel keeps: all where it hardly changed, none
// where it became another.
double kept_excess(const uint16_t* before, const uint16_t* after, size_t colours) {
  constexpr double kHardly = 0.05 * 65535, kAnother = 0.25 * 65535;
  int change = 0;
  for (size_t c = 0; c < colours; ++c) change = std::max(change, std::abs(int(after[c]) - int(before[c])));
  return std::clamp((kAnother - change) / (kAnother - kHardly), 0.0, 1.0);
}

void store(Image& image, size_t i, double value16) {
  if (image.bits == 16)
    image.data16()[i] = uint16_t(std::lround(std::clamp(value16, 0.0, 65535.0)));
  else
    image.data[i] = uint8_t(std::lround(std::clamp(value16 / 257, 0.0, 255.0)));
}

}  // namespace

SeenPhoto::SeenPhoto(const Image& photo) : photo_(photo) {
  const int colours = photo.colour_channels();
  if (!photo.icc.empty()) {
    std::vector<uint8_t> profile = fitting_profile(photo.icc, colours);
    const Transforms transforms = transforms_of(profile, colours);
    if (transforms.to_srgb && !changes_nothing(transforms.to_srgb, colours)) {
      seen_ = converted(photo, transforms.to_srgb);
      profile_ = std::move(profile);
    }
  }
  if (!hides_something(photo)) return;
  if (!seen_) seen_ = photo;
  fill_hidden(*seen_);
}

Image SeenPhoto::own(Image restored) const {
  if (!seen_) return restored;
  if (restored.width != photo_.width || restored.height != photo_.height || restored.channels != photo_.channels ||
      restored.bits != seen_->bits)
    throw ShapeError("a restored picture has another form than the photo");
  Image result = photo_;
  const Transforms back = transforms_of(profile_, photo_.colour_channels());
  // Where several numbers are the same white the way back would lead to the largest of them.
  const uint16_t top = clips_highlights(profile_) ? 65500 : 65535;
  const size_t width = size_t(photo_.width), channels = size_t(photo_.channels);
  const size_t colours = size_t(photo_.colour_channels());
  std::vector<uint16_t> rows[2], rgb(width * 3), own[2];
  for (size_t y = 0; y < size_t(photo_.height); ++y) {
    read_colours(*seen_, y, rows[0]);
    read_colours(restored, y, rows[1]);
    if (rows[0] == rows[1]) continue;
    for (size_t k = 0; k < 2; ++k) {
      if (!back.from_srgb) {
        own[k] = rows[k];
        continue;
      }
      for (size_t i = 0; i < width * 3; ++i) rgb[i] = std::min(rows[k][colours == 3 ? i : i / 3], top);
      own[k].resize(width * colours);
      cmsDoTransform(back.from_srgb.get(), rgb.data(), own[k].data(), cmsUInt32Number(width));
    }
    for (size_t x = 0; x < width; ++x) {
      const uint16_t *before = &rows[0][x * colours], *after = &rows[1][x * colours];
      if (std::equal(before, before + colours, after) || (photo_.has_alpha() && hidden(photo_, y * width + x)))
        continue;
      const double kept = kept_excess(before, after, colours);
      for (size_t c = 0; c < colours; ++c) {
        const size_t i = (y * width + x) * channels + c;
        const double excess = double(sample16(photo_, i)) - own[0][x * colours + c];
        store(result, i, own[1][x * colours + c] + kept * excess);
      }
    }
  }
  return result;
}

}  // namespace daclip
