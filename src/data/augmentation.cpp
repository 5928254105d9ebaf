#include "data/augmentation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/labels.h"
#include "degrade/fields.h"
#include "image/luma.h"
#include "image/resize.h"

namespace daclip {
namespace {

constexpr double kVisible = 1.6e-3;  // mean squared error, 28 dB, from which weather, drops and shadows are seen
constexpr int kTries = 4;

// Blur, noise, JPEG and holes show everywhere; how far these show depends on the photo.
bool may_be_hidden(int label) {
  for (const std::string_view kind : {"hazy", "low-light", "raindrop", "rainy", "shadowed", "snowy"})
    if (kLabels[size_t(label)] == kind) return true;
  return false;
}

}  // namespace

// metrics/ would bring the networks with it.
double mean_squared_error(const FloatImage& a, const FloatImage& b) {
  double sum = 0;
  for (size_t i = 0; i < a.data.size(); ++i) sum += double(a.data[i] - b.data[i]) * double(a.data[i] - b.data[i]);
  return sum / double(a.data.size());
}

Tone draw_tone(Random& random) {
  Tone tone;
  if (random.chance(0.7)) return tone;
  const auto warm = float(random.uniform(-0.12, 0.35));
  tone.power[0] = 1 - warm;
  tone.power[2] = 1 + warm;
  return tone;
}

void apply_tone(FloatImage& rgb, const Tone& tone) {
  for (size_t i = 0; i < rgb.pixels(); ++i) {
    float* p = &rgb.data[3 * i];
    const float grey = std::clamp(bt601_luma(p[0], p[1], p[2]), 0.f, 1.f);
    for (int c = 0; c < 3; ++c) p[c] = tone.power[c] == 1 ? grey : fast_pow(std::max(grey, 1e-6f), tone.power[c]);
  }
  round_to_bytes(rgb);
}

void change_colours(FloatImage& rgb, Random& random) {
  const float contrast = float(random.uniform(0.8, 1.25)), lift = float(random.uniform(-0.06, 0.1));
  const float saturation = random.chance(0.12) ? 0.f : float(random.uniform(0.3, 1.25));
  const float warm = float(random.uniform(-0.1, 0.1)), green = float(random.uniform(-0.03, 0.03));
  // Evening, night, black background: a good photo may be dark.
  const float dark = random.chance(0.3) ? float(random.uniform(1, 1.6)) : 1.f;
  const float gain[3] = {1 + warm, 1 + green, 1 - warm};
  for (size_t i = 0; i < rgb.pixels(); ++i) {
    float* p = &rgb.data[3 * i];
    const float grey = bt601_luma(p[0], p[1], p[2]);
    for (int c = 0; c < 3; ++c) {
      const float coloured = (grey + saturation * (p[c] - grey)) * (saturation > 0 ? gain[c] : 1.f);
      const float value = std::clamp(0.5f + contrast * (coloured - 0.5f) + lift, 0.f, 1.f);
      p[c] = dark == 1 ? value : fast_pow(std::max(value, 1e-6f), dark);
    }
  }
  round_to_bytes(rgb);
}

FloatImage degrade_visibly(const FloatImage& gt, int label, Severity severity, uint64_t seed) {
  const DegradeSpec spec{std::string(kLabels[size_t(label)]), {}};
  const int tries = may_be_hidden(label) ? kTries : 1;
  FloatImage lq;
  for (int i = 1; i <= tries; ++i) {
    lq = degrade(gt, spec, mix_seed(seed, uint64_t(i)), severity);
    if (i == tries || mean_squared_error(lq, gt) >= kVisible) break;
  }
  return lq;
}

void store_again(FloatImage& gt, FloatImage& lq, bool clean, int min_side, Random& random) {
  const double smallest = double(min_side) / std::min(lq.width, lq.height);
  const double largest = clean ? 1.15 : 1.7, resized = random.uniform();
  const double factor = resized < 0.5   ? std::max(smallest, random.uniform(0.45, 1))
                        : resized < 0.8 ? random.uniform(1, largest)
                                        : 1;
  const Filter filter = std::array{Filter::bilinear, Filter::bicubic, Filter::lanczos}[size_t(random.below(3))];
  if (factor != 1) {
    const int width = std::max(min_side, int(std::lround(lq.width * factor)));
    const int height = std::max(min_side, int(std::lround(lq.height * factor)));
    for (FloatImage* image : {&gt, &lq}) {
      *image = resize(*image, width, height, filter);
      round_to_bytes(*image);
    }
  }
  const double quality = clean ? random.uniform(82, 97) : random.uniform(60, 95);
  if (random.chance(0.8)) {
    lq = degrade(lq, {"jpeg-compressed", {{"quality", std::floor(quality)}}}, 0, Severity::paper);
    round_to_bytes(lq);
  }
}

}  // namespace daclip
