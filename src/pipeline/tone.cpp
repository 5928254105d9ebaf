#include "pipeline/tone.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "image/luma.h"
#include "image/pixels.h"

namespace daclip {
namespace {

constexpr int kBlock = 16;  // JPEG with reduced colour keeps its mean of colour
constexpr float kLevel = 1 / 255.f;
constexpr double kLargestDeviation = 8 * kLevel;  // root mean square over the photo, from the curve
// Of a block's mean from the curve, a share of the curve's root mean square: JPEG rounds strong tones more than weak
// ones, and a grey photo has no deviation but noise. A small lamp in the snow is a part of one block.
constexpr double kShareOfBlock = 0.3, kLeastOfBlock = 2.5 * kLevel, kMostOfBlock = 8 * kLevel;
constexpr float kFullRange = 0.5f;         // of luma; the limits shrink with a photo's range below it
constexpr double kGreyBelow = 1 * kLevel;  // root mean square of the curve over the photo

struct Chroma {
  float luma, red, blue;  // red = R - Y, blue = B - Y
};

Chroma chroma_of(float r, float g, float b) {
  const float y = bt601_luma(r, g, b);
  return {y, r - y, b - y};
}

int bin_of(float luma) { return std::clamp(int(luma * ToneCurve::kBins), 0, ToneCurve::kBins - 1); }

float centre_of(int bin) { return (float(bin) + 0.5f) / ToneCurve::kBins; }

// Interpolates between the centres of the bins.
float at(const std::array<float, ToneCurve::kBins>& curve, float luma) {
  const float x = std::clamp(luma * ToneCurve::kBins - 0.5f, 0.f, float(ToneCurve::kBins - 1));
  const int i = std::min(int(x), ToneCurve::kBins - 2);
  return curve[size_t(i)] + (x - float(i)) * (curve[size_t(i) + 1] - curve[size_t(i)]);
}

// Calls work(top, strip) for every strip of kBlock rows, the last perhaps lower, until it returns false.
template <class Work>
void for_each_strip(const Image& photo, Work work) {
  for (int top = 0; top < photo.height; top += kBlock)
    if (!work(top, rgb_region(photo, 0, top, photo.width, std::min(kBlock, photo.height - top)))) return;
}

using Bins = std::array<double, ToneCurve::kBins>;

struct MeasuredTone {
  ToneCurve curve;
  double strength;  // root mean square over the photo's pixels
  float range;      // of luma, without the darkest and the brightest hundredth
};

float range_of(const Bins& count, double pixels) {
  int first = 0, last = ToneCurve::kBins - 1;
  for (double below = count[0]; below < 0.01 * pixels;) below += count[size_t(++first)];
  for (double above = count[size_t(last)]; above < 0.01 * pixels;) above += count[size_t(--last)];
  return float(last - first + 1) / ToneCurve::kBins;
}

// Fills the bins without pixels: between two others by interpolation, and beyond the photo's range in proportion to
// luma, which keeps the saturation.
void complete(std::array<float, ToneCurve::kBins>& curve, const Bins& count) {
  int last = -1;  // the last bin with pixels
  for (int bin = 0; bin < ToneCurve::kBins; ++bin) {
    if (count[size_t(bin)] == 0) continue;
    for (int between = last + 1; between < bin; ++between) {
      const float t = float(between - last) / float(bin - last), value = curve[size_t(bin)];
      curve[size_t(between)] = last < 0 ? value * centre_of(between) / centre_of(bin)
                                        : curve[size_t(last)] + t * (value - curve[size_t(last)]);
    }
    last = bin;
  }
  for (int bin = last + 1; bin < ToneCurve::kBins; ++bin)
    curve[size_t(bin)] = curve[size_t(last)] * centre_of(bin) / centre_of(last);
}

MeasuredTone measure_tone(const Image& photo) {
  Bins red{}, blue{}, count{};
  for_each_strip(photo, [&](int, const FloatImage& strip) {
    for (size_t i = 0; i < strip.pixels(); ++i) {
      const float* p = &strip.data[3 * i];
      const Chroma c = chroma_of(p[0], p[1], p[2]);
      const auto bin = size_t(bin_of(c.luma));
      red[bin] += double(c.red);
      blue[bin] += double(c.blue);
      count[bin] += 1;
    }
    return true;
  });
  ToneCurve curve;
  double squares = 0;
  for (size_t bin = 0; bin < count.size(); ++bin) {
    if (count[bin] == 0) continue;
    curve.red[bin] = float(red[bin] / count[bin]);
    curve.blue[bin] = float(blue[bin] / count[bin]);
    squares += (red[bin] * red[bin] + blue[bin] * blue[bin]) / count[bin];
  }
  complete(curve.red, count);
  complete(curve.blue, count);
  const auto pixels = double(photo.pixels());
  return {curve, std::sqrt(squares / pixels), range_of(count, pixels)};
}

// A restoration that widens the range, as of a dark or hazy photo, brings out colours in proportion.
bool follows(const Image& photo, const MeasuredTone& tone) {
  const ToneCurve& curve = tone.curve;
  const float scale = std::min(1.f, tone.range / kFullRange);
  const auto largest_of_block = scale * float(std::clamp(kShareOfBlock * tone.strength, kLeastOfBlock, kMostOfBlock));
  const auto pixels = float(std::min(kBlock, photo.width) * std::min(kBlock, photo.height));  // also of cut blocks
  double squares = 0;
  bool coloured = false;
  const int blocks = (photo.width + kBlock - 1) / kBlock;
  for_each_strip(photo, [&](int, const FloatImage& strip) {
    std::vector<float> red(size_t(blocks), 0.f), blue(size_t(blocks), 0.f);
    for (int y = 0; y < strip.height; ++y)
      for (int x = 0; x < strip.width; ++x) {
        const Chroma c = chroma_of(strip.at(x, y, 0), strip.at(x, y, 1), strip.at(x, y, 2));
        const float from_red = c.red - at(curve.red, c.luma), from_blue = c.blue - at(curve.blue, c.luma);
        squares += double(from_red * from_red + from_blue * from_blue);
        red[size_t(x / kBlock)] += from_red;
        blue[size_t(x / kBlock)] += from_blue;
      }
    for (int i = 0; i < blocks; ++i)
      coloured |= std::hypot(red[size_t(i)], blue[size_t(i)]) > largest_of_block * pixels;
    return !coloured;
  });
  return !coloured && std::sqrt(squares / double(photo.pixels())) <= double(scale) * kLargestDeviation;
}

}  // namespace

std::optional<ToneCurve> monochrome_tone(const Image& photo) {
  if (photo.colour_channels() != 3) return {};  // one channel has no colour to lose
  const MeasuredTone tone = measure_tone(photo);
  if (!follows(photo, tone)) return {};
  return tone.strength < kGreyBelow ? ToneCurve() : tone.curve;
}

void apply_tone(Image& photo, const ToneCurve& tone) {
  for_each_strip(photo, [&](int top, FloatImage strip) {
    for (size_t i = 0; i < strip.pixels(); ++i) {
      float* p = &strip.data[3 * i];
      const float y = std::clamp(bt601_luma(p[0], p[1], p[2]), 0.f, 1.f), red = at(tone.red, y),
                  blue = at(tone.blue, y);
      const float green = -(0.299f * red + 0.114f * blue) / 0.587f;  // keeps the luma
      const auto [low, high] = std::minmax({red, green, blue, 0.f});
      float share = 1;  // of the colour that fits into [0,1] at this luma
      if (high > 1 - y) share = (1 - y) / high;
      if (share * low < -y) share = y / -low;
      p[0] = y + share * red;
      p[1] = y + share * green;
      p[2] = y + share * blue;
    }
    store_region(photo, 0, top, strip);
    return true;
  });
}

}  // namespace daclip
