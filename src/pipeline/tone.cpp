#include "pipeline/tone.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "image/luma.h"
#include "image/pixels.h"

namespace daclip {
namespace {

constexpr int kBlock = 8;
constexpr float kLevel = 1 / 255.f;
constexpr double kLargestDeviation = 3 * kLevel;  // root mean square over the photo, from the curve
constexpr float kLargestOfBlock = 6 * kLevel;     // mean over a block: a lamp in the snow is a few blocks
constexpr double kGreyBelow = 1 * kLevel;         // root mean square of the curve over the photo

struct Chroma {
  float luma, red, blue;  // red = R - Y, blue = B - Y
};

Chroma chroma_of(float r, float g, float b) {
  const float y = bt601_luma(r, g, b);
  return {y, r - y, b - y};
}

int bin_of(float luma) { return std::clamp(int(luma * ToneCurve::kBins), 0, ToneCurve::kBins - 1); }

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

struct MeasuredTone {
  ToneCurve curve;
  double strength;  // root mean square over the photo's pixels
};

MeasuredTone measure_tone(const Image& photo) {
  std::array<double, ToneCurve::kBins> red{}, blue{}, count{};
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
  int last = -1;  // the last bin with pixels; the empty ones between are interpolated
  for (int bin = 0; bin < ToneCurve::kBins; ++bin) {
    const auto b = size_t(bin);
    if (count[b] == 0) continue;
    curve.red[b] = float(red[b] / count[b]);
    curve.blue[b] = float(blue[b] / count[b]);
    squares += (red[b] * red[b] + blue[b] * blue[b]) / count[b];
    for (int between = last + 1; between < bin; ++between) {
      const float t = last < 0 ? 1.f : float(between - last) / float(bin - last);
      const auto from = size_t(std::max(last, 0));
      curve.red[size_t(between)] = last < 0 ? curve.red[b] : curve.red[from] + t * (curve.red[b] - curve.red[from]);
      curve.blue[size_t(between)] =
          last < 0 ? curve.blue[b] : curve.blue[from] + t * (curve.blue[b] - curve.blue[from]);
    }
    last = bin;
  }
  for (auto bin = size_t(std::max(last, 0)) + 1; bin < size_t(ToneCurve::kBins); ++bin) {
    curve.red[bin] = curve.red[bin - 1];
    curve.blue[bin] = curve.blue[bin - 1];
  }
  return {curve, std::sqrt(squares / double(photo.pixels()))};
}

bool follows(const Image& photo, const ToneCurve& curve) {
  double squares = 0;
  bool coloured = false;
  const int blocks = (photo.width + kBlock - 1) / kBlock;
  for_each_strip(photo, [&](int, const FloatImage& strip) {
    std::vector<float> red(size_t(blocks), 0.f), blue(size_t(blocks), 0.f);
    std::vector<int> count(size_t(blocks), 0);
    for (int y = 0; y < strip.height; ++y)
      for (int x = 0; x < strip.width; ++x) {
        const Chroma c = chroma_of(strip.at(x, y, 0), strip.at(x, y, 1), strip.at(x, y, 2));
        const float from_red = c.red - at(curve.red, c.luma), from_blue = c.blue - at(curve.blue, c.luma);
        squares += double(from_red * from_red + from_blue * from_blue);
        red[size_t(x / kBlock)] += from_red;
        blue[size_t(x / kBlock)] += from_blue;
        ++count[size_t(x / kBlock)];
      }
    for (int i = 0; i < blocks; ++i) {
      const auto n = float(count[size_t(i)]);
      coloured |= std::hypot(red[size_t(i)] / n, blue[size_t(i)] / n) > kLargestOfBlock;
    }
    return !coloured;
  });
  return !coloured && std::sqrt(squares / double(photo.pixels())) <= kLargestDeviation;
}

}  // namespace

std::optional<ToneCurve> monochrome_tone(const Image& photo) {
  if (photo.colour_channels() != 3) return {};  // one channel has no colour to lose
  const MeasuredTone tone = measure_tone(photo);
  if (!follows(photo, tone.curve)) return {};
  return tone.strength < kGreyBelow ? ToneCurve() : tone.curve;
}

void apply_tone(Image& photo, const ToneCurve& tone) {
  for_each_strip(photo, [&](int top, FloatImage strip) {
    for (size_t i = 0; i < strip.pixels(); ++i) {
      float* p = &strip.data[3 * i];
      const float y = bt601_luma(p[0], p[1], p[2]), red = at(tone.red, y), blue = at(tone.blue, y);
      p[0] = y + red;
      p[1] = y - (0.299f * red + 0.114f * blue) / 0.587f;  // keeps the luma
      p[2] = y + blue;
    }
    store_region(photo, 0, top, strip);
    return true;
  });
}

}  // namespace daclip
