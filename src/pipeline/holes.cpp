#include "pipeline/holes.h"

#include <algorithm>
#include <cstdlib>

namespace daclip {
namespace {

// Chosen by masks over photos and by clean pictures with white in them (docs/images.md).
constexpr double kLeastShare = 0.003, kLargestShare = 0.9;  // of the photo
constexpr double kLargestBorderShare = 0.65;                // of the photo's border: half a photo may be missing
// Of the pixels beside white. Sharp highlights in good photos come close, but cover little; holes in a bright sky have
// some soft borders.
constexpr double kLeastHardShareOfSmall = 0.87, kLeastHardShareOfLarge = 0.66, kLarge = 0.06;
constexpr double kLeastTextureShare = 0.3;  // of the pixels that are not white
constexpr int kHardStep = 16;               // levels of 255

template <class Sample>
class WhiteAreas {
 public:
  WhiteAreas(const Image& photo, const Sample* samples, int full)
      : photo_(photo), samples_(samples), full_(full), white_(photo.pixels()) {
    for (size_t i = 0; i < white_.size(); ++i) white_[i] = darkest(i) == full_;
  }

  std::optional<Mask> holes() {
    const double share = double(std::ranges::count(white_, 1)) / double(white_.size());
    if (share < kLeastShare || share > kLargestShare || border_share() > kLargestBorderShare) return {};
    count_edges();
    const double least_hard = share < kLarge ? kLeastHardShareOfSmall : kLeastHardShareOfLarge;
    if (double(hard_) < least_hard * double(beside_) || double(textured_) < kLeastTextureShare * double(pairs_))
      return {};
    Mask mask{photo_.width, photo_.height, std::vector<uint8_t>(white_.size())};
    for (size_t i = 0; i < white_.size(); ++i) mask.keep[i] = !white_[i];
    return mask;
  }

 private:
  int darkest(size_t pixel) const {
    const Sample* p = samples_ + pixel * size_t(photo_.channels);
    int value = p[0];
    for (int c = 1; c < photo_.colour_channels(); ++c) value = std::min(value, int(p[c]));
    return value;
  }

  double border_share() const {
    const int w = photo_.width, h = photo_.height;
    int64_t count = 0;
    for (int x = 0; x < w; ++x) count += white_[size_t(x)] + white_[size_t(h - 1) * size_t(w) + size_t(x)];
    for (int y = 0; y < h; ++y) count += white_[size_t(y) * size_t(w)] + white_[size_t(y) * size_t(w) + size_t(w - 1)];
    return double(count) / (2.0 * (w + h));
  }

  // Of neighbours left and right, and above and below: one white and one not, or both not.
  void count_edges() {
    for (int y = 0; y < photo_.height; ++y)
      for (int x = 0; x < photo_.width; ++x) {
        const size_t i = size_t(y) * size_t(photo_.width) + size_t(x);
        if (x > 0) compare(i, i - 1);
        if (y > 0) compare(i, i - size_t(photo_.width));
      }
  }

  void compare(size_t a, size_t b) {
    if (white_[a] && white_[b]) return;
    const int step = std::abs(darkest(a) - darkest(b));
    if (white_[a] || white_[b]) {
      ++beside_;
      hard_ += step >= kHardStep * full_ / 255;
    } else {
      ++pairs_;
      textured_ += step > 0;
    }
  }

  const Image& photo_;
  const Sample* samples_;
  int full_;
  std::vector<uint8_t> white_;
  int64_t beside_ = 0, hard_ = 0, pairs_ = 0, textured_ = 0;
};

}  // namespace

std::optional<Mask> find_holes(const Image& photo) {
  if (photo.bits == 16) return WhiteAreas(photo, photo.data16(), 65535).holes();
  return WhiteAreas(photo, photo.data.data(), 255).holes();
}

}  // namespace daclip
