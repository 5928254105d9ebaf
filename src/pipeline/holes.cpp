#include "pipeline/holes.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace daclip {
namespace {

// Chosen by strokes over good photos and by good pictures with white in them (docs/cli.md).
constexpr double kLeastShare = 0.03, kLargestShare = 0.65;  // of the photo that is white
constexpr double kLargestBorderShare = 0.6;                 // of the photo's border: a print's margin is more
// Of the pixels beside white, those that are much darker. Holes in a bright sky have some soft borders; white text on
// a photo with an overexposed sky covers little.
constexpr int kHardStep = 16;  // levels of 255
constexpr double kLeastHardShare = 0.45, kLeastHardShareOfSmall = 0.85, kSmall = 0.1;
// From the border of a hole outwards a photo is as often darker as brighter. Around overexposed, blurred and compressed
// white it gets darker. The mean change over two pixels: in levels of 255, and relative to the mean absolute change.
constexpr double kLargestFall = 5, kLargestRelativeFall = 0.3;
constexpr int kGrid = 8;  // cells a side
constexpr double kLeastCoveredCells = 0.15, kCovered = 0.01;
// Frames and boxes have long straight borders along rows and columns. Masks have them along columns only: every other
// stroke of LaMa's is nearly vertical.
constexpr double kLargestStraightRows = 0.05, kLargestStraightColumns = 0.6;
// White pixels per border between white and other pixels, in photos up to kUnscaledSide a side: text is thinner, print
// margins are thicker. Strokes 5 to 15 pixels wide have 4 to 6.
constexpr double kLeastThickness = 3.4, kLargestThickness = 9.5, kUnscaledSide = 512;
constexpr double kLeastTextureShare = 0.3;  // of the pixels that are not white

template <class Sample>
class WhiteAreas {
 public:
  WhiteAreas(const Image& photo, const Sample* samples, int full)
      : photo_(photo), samples_(samples), full_(full), white_(photo.pixels()) {
    for (size_t i = 0; i < white_.size(); ++i) white_[i] = darkest(i) == full_;
  }

  std::optional<Mask> holes() {
    white_count_ = std::ranges::count(white_, 1);
    share_ = double(white_count_) / double(white_.size());
    if (share_ < kLeastShare || share_ > kLargestShare || border_share() > kLargestBorderShare) return {};
    count_borders();
    if (!cut_through_photo() || !strokes()) return {};
    Mask mask{photo_.width, photo_.height, std::vector<uint8_t>(white_.size())};
    for (size_t i = 0; i < white_.size(); ++i) mask.keep[i] = !white_[i];
    return mask;
  }

 private:
  size_t index(int x, int y) const { return size_t(y) * size_t(photo_.width) + size_t(x); }

  int darkest(size_t pixel) const {
    const Sample* p = samples_ + pixel * size_t(photo_.channels);
    int value = p[0];
    for (int c = 1; c < photo_.colour_channels(); ++c) value = std::min(value, int(p[c]));
    return value;
  }

  double border_share() const {
    const int w = photo_.width, h = photo_.height;
    int64_t count = 0;
    for (int x = 0; x < w; ++x) count += white_[index(x, 0)] + white_[index(x, h - 1)];
    for (int y = 0; y < h; ++y) count += white_[index(0, y)] + white_[index(w - 1, y)];
    return double(count) / (2.0 * (w + h));
  }

  // Whether (x, y) lies in the photo and is not white.
  bool seen(int x, int y) const {
    return x >= 0 && y >= 0 && x < photo_.width && y < photo_.height && !white_[index(x, y)];
  }

  bool white(int x, int y) const {
    return x >= 0 && y >= 0 && x < photo_.width && y < photo_.height && white_[index(x, y)];
  }

  void count_borders() {
    constexpr std::array<std::array<int, 2>, 4> kDirections = {{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}};
    for (int y = 0; y < photo_.height; ++y)
      for (int x = 0; x < photo_.width; ++x) {
        if (white(x, y)) continue;
        for (const auto& [dx, dy] : kDirections) {
          if (white(x - dx, y - dy)) count_border(x, y, dx, dy);
          if (dx + dy == 1 && seen(x + dx, y + dy)) {
            ++pairs_;
            textured_ += darkest(index(x, y)) != darkest(index(x + dx, y + dy));
          }
        }
      }
  }

  // (x, y) is the first pixel that is not white; (dx, dy) leads away from the white.
  void count_border(int x, int y, int dx, int dy) {
    const int value = darkest(index(x, y));
    ++borders_;
    hard_ += full_ - value >= kHardStep * full_ / 255;
    if (!seen(x + dx, y + dy) || !seen(x + 2 * dx, y + 2 * dy)) return;
    const int fall = value - darkest(index(x + 2 * dx, y + 2 * dy));
    ++falls_;
    fall_ += fall;
    absolute_fall_ += std::abs(fall);
  }

  bool cut_through_photo() const {
    const double least_hard = share_ < kSmall ? kLeastHardShareOfSmall : kLeastHardShare;
    return double(hard_) >= least_hard * double(borders_) && double(textured_) >= kLeastTextureShare * double(pairs_) &&
           double(fall_) <= kLargestFall * full_ / 255 * double(falls_) &&
           double(fall_) <= kLargestRelativeFall * double(absolute_fall_);
  }

  bool strokes() const {
    const double scale = std::max(1.0, std::min(photo_.width, photo_.height) / kUnscaledSide);
    const double thickness = double(white_count_) / double(borders_) / scale;
    return thickness >= kLeastThickness && thickness <= kLargestThickness && covered_cells() >= kLeastCoveredCells &&
           straight_share(true) <= kLargestStraightRows && straight_share(false) <= kLargestStraightColumns;
  }

  double covered_cells() const {
    std::array<int64_t, size_t(kGrid) * kGrid> counts{};
    for (int y = 0; y < photo_.height; ++y)
      for (int x = 0; x < photo_.width; ++x)
        counts[size_t(int64_t(y) * kGrid / photo_.height * kGrid + int64_t(x) * kGrid / photo_.width)] += white(x, y);
    const double least = kCovered * double(white_.size()) / double(counts.size());
    return double(std::ranges::count_if(counts, [&](int64_t count) { return double(count) > least; })) /
           double(counts.size());
  }

  // Of the borders between white and other pixels along rows (or columns), the share in long straight runs.
  double straight_share(bool along_rows) const {
    const int lines = along_rows ? photo_.height : photo_.width, length = along_rows ? photo_.width : photo_.height;
    const int least_run = std::max(16, std::min(photo_.width, photo_.height) / 16);
    const auto at = [&](int line, int i) { return int(along_rows ? white(i, line) : white(line, i)); };
    int64_t all = 0, straight = 0;
    for (int line = 1; line < lines; ++line)
      for (int i = 0, run = 0, side = 0; i < length; ++i) {
        const int here = at(line, i) - at(line - 1, i);  // the side of the border that is white, 0 without a border
        run = here == side ? run + 1 : 1;
        side = here;
        if (side == 0) continue;
        ++all;
        straight += run == least_run ? least_run : run > least_run;
      }
    return all > 0 ? double(straight) / double(all) : 0;
  }

  const Image& photo_;
  const Sample* samples_;
  int full_;
  std::vector<uint8_t> white_;
  int64_t white_count_ = 0;
  double share_ = 0;
  int64_t borders_ = 0, hard_ = 0;                    // between a white pixel and one that is not
  int64_t falls_ = 0, fall_ = 0, absolute_fall_ = 0;  // from such a border outwards
  int64_t pairs_ = 0, textured_ = 0;                  // neighbours that are not white, and those that differ
};

}  // namespace

std::optional<Mask> find_holes(const Image& photo) {
  if (photo.bits == 16) return WhiteAreas(photo, photo.data16(), 65535).holes();
  return WhiteAreas(photo, photo.data.data(), 255).holes();
}

}  // namespace daclip
