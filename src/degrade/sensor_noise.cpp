// Sensor noise as cameras leave it, for "noisy" with sensor = 1. The photo is taken back to linear light through the
// camera's tone curve (sRGB and an S-curve). Every site of a Bayer mosaic sees one colour with Poisson-Gaussian noise,
// and the mosaic is interpolated. The interpolation is linear, so it is applied to the noise alone and the photo itself
// stays sharp. Then the camera smooths the noise (grain), reduces its colour (grey), leaves blotches (chroma), removes
// fine noise in smooth parts (denoise), and applies the tone curve.
#include <array>
#include <cmath>

#include "degrade/fields.h"
#include "degrade/noise.h"

namespace daclip {

namespace {

constexpr float kMiddle = 0.2140f;      // linear light of the display value 0.5
constexpr double kMiddleSlope = 1.081;  // slope of the sRGB curve there
constexpr int kToneSteps = 1024;

// S-curve of weight `tone` on display values, 0.5 stays.
inline float s_curve(float v, float tone) { return v + tone * (v * v * (3.f - 2.f * v) - v); }

using ToneTable = std::array<float, kToneSteps + 2>;

// Display value to linear light: the inverse of the S-curve, then of sRGB.
ToneTable inverse_tone(float tone) {
  ToneTable table;
  for (int i = 0; i < kToneSteps + 2; ++i) {
    const float wanted = std::min(1.f, float(i) / kToneSteps);
    float low = 0, high = 1;
    for (int step = 0; step < 22; ++step) {
      const float middle = 0.5f * (low + high);
      (s_curve(middle, tone) < wanted ? low : high) = middle;
    }
    table[size_t(i)] = srgb_to_linear(high);
  }
  return table;
}

inline float to_light(const ToneTable& table, float v) {
  const float position = (v < 0.f ? 0.f : (v > 1.f ? 1.f : v)) * kToneSteps;
  const int index = int(position);
  return table[size_t(index)] + (position - float(index)) * (table[size_t(index) + 1] - table[size_t(index)]);
}

// Colour of a site of the mosaic: red in even rows and columns, blue in odd ones, else green.
inline size_t site_colour(int x, int y) { return size_t((x & 1) + (y & 1)); }

int mirrored(int i, int n) { return n == 1 ? 0 : (i < 0 ? -i : (i >= n ? std::max(0, 2 * n - 2 - i) : i)) % n; }

// Interpolates the mosaic of one channel to RGB: bilinear plus `sharpness` times what the site's own colour differs
// from its surroundings (Malvar et al. 2004).
FloatImage demosaic(const FloatImage& mosaic, float sharpness) {
  const int w = mosaic.width, h = mosaic.height;
  FloatImage out(w, h, 3);
  for (int y = 0; y < h; ++y) {
    const float *row = mosaic.row(y), *up = mosaic.row(mirrored(y - 1, h)), *down = mosaic.row(mirrored(y + 1, h));
    const float *up2 = mosaic.row(mirrored(y - 2, h)), *down2 = mosaic.row(mirrored(y + 2, h));
    for (int x = 0; x < w; ++x) {
      const int left = mirrored(x - 1, w), right = mirrored(x + 1, w);
      const float own = row[x];
      const float around = 0.25f * (row[mirrored(x - 2, w)] + row[mirrored(x + 2, w)] + up2[x] + down2[x]);
      const float across = 0.5f * (row[left] + row[right]), along = 0.5f * (up[x] + down[x]);
      const float diagonal = 0.25f * (up[left] + up[right] + down[left] + down[right]);
      const float detail = sharpness * (own - around);
      float* rgb = out.row(y) + 3 * x;
      if (const size_t colour = site_colour(x, y); colour == 1) {
        rgb[1] = own;
        rgb[y & 1 ? 2 : 0] = across + detail;
        rgb[y & 1 ? 0 : 2] = along + detail;
      } else {
        rgb[colour] = own;
        rgb[1] = 0.5f * (across + along) + detail;
        rgb[2 - colour] = diagonal + detail;
      }
    }
  }
  return out;
}

// Reduces the difference of the channels from their mean, as noise reduction in luma and chroma does.
void reduce_colour(FloatImage& field, double grey) {
  const float keep = float(std::sqrt(1 - grey));
  for (size_t i = 0; i < field.pixels(); ++i) {
    float* n = &field.data[3 * i];
    const float mean = (n[0] + n[1] + n[2]) / 3;
    for (int c = 0; c < 3; ++c) n[c] = mean + keep * (n[c] - mean);
  }
}

// Smooths the noise by the fraction `denoise`, except where the photo has edges and texture.
void smooth_away(FloatImage& field, const FloatImage& gt, double denoise) {
  FloatImage smooth = field;
  gaussian_blur(smooth, 1.6);
  FloatImage fine = luma(gt), coarse = fine;
  gaussian_blur(coarse, 2);
  for (size_t i = 0; i < fine.data.size(); ++i) fine.data[i] = std::abs(fine.data[i] - coarse.data[i]);
  gaussian_blur(fine, 2);
  for (size_t i = 0; i < fine.data.size(); ++i) {
    const float removed = float(denoise) * (1.f - smoothstep(0.01f, 0.05f, fine.data[i]));
    for (size_t c = 0; c < 3; ++c) field.data[3 * i + c] += removed * (smooth.data[3 * i + c] - field.data[3 * i + c]);
  }
}

// Noise of the sensor and its interpolation, in linear light; its standard deviation at middle grey is about 1.
FloatImage sensor_field(const FloatImage& light, const NoisePlan& plan, Random& random) {
  const float steady = float(1 - plan.shot), counted = float(plan.shot) / kMiddle;
  // The white balance amplifies red and blue.
  const float gain[3] = {float(random.uniform(1, 1.5)), 1.f, float(random.uniform(1, 1.6))};
  const float sharpness = float(random.uniform(0, 0.6));
  FloatImage mosaic = normal_field(light.width, light.height, 1, 0, random);
  double power = 1e-12;
  for (int y = 0; y < light.height; ++y)
    for (int x = 0; x < light.width; ++x) {
      const size_t colour = site_colour(x, y);
      const float level = light.at(x, y, int(colour));
      const float deviation = gain[colour] * std::sqrt(steady + counted * level / gain[colour]);
      power += double(deviation) * double(deviation);
      mosaic.at(x, y, 0) *= deviation;
    }
  FloatImage field = demosaic(mosaic, sharpness);
  if (plan.grain > 0) gaussian_blur(field, plan.grain);
  if (plan.grey > 0) reduce_colour(field, plan.grey);
  double left = 1e-12;
  for (float v : field.data) left += double(v) * double(v);
  const float scale = float(std::sqrt(3 * power / left));  // smoothing does not reduce the noise that was asked for
  for (float& v : field.data) v *= scale;
  return field;
}

}  // namespace

FloatImage sensor_noise(const FloatImage& gt, const NoisePlan& plan, Random& random) {
  const float tone = float(plan.tone);
  const ToneTable table = inverse_tone(tone);
  FloatImage light(gt.width, gt.height, 3);
  for (size_t i = 0; i < light.data.size(); ++i) light.data[i] = to_light(table, gt.data[i]);
  FloatImage field = sensor_field(light, plan, random);
  if (plan.chroma > 0) {
    FloatImage blotches = normal_field(gt.width, gt.height, 3, plan.blotch, random);
    for (size_t i = 0; i < blotches.data.size(); ++i)
      blotches.data[i] *= std::sqrt(std::min(1.f, 0.05f + light.data[i / 3 * 3 + 1] / kMiddle));
    add_blotches(field, plan.chroma, blotches);
  }
  if (plan.denoise > 0) smooth_away(field, gt, plan.denoise);
  const float scale = float(plan.sigma / 255 / (kMiddleSlope * (1 + 0.5 * plan.tone)));
  FloatImage noisy = light;
  for (size_t i = 0; i < noisy.data.size(); ++i) noisy.data[i] += scale * field.data[i];
  const FloatImage before = to_srgb(light), after = to_srgb(noisy);
  FloatImage out = gt;
  for (size_t i = 0; i < out.data.size(); ++i)
    out.data[i] += s_curve(after.data[i], tone) - s_curve(before.data[i], tone);
  return out;
}

}  // namespace daclip
