// Tools shared by the degradations: smooth random fields, noise, colour transfer, blur, sampling. Results are
// bit-identical on all machines (polynomials replace libm where results depend on it), and fast enough for training.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "core/random.h"
#include "image/float_image.h"

// Compiles hot loops also for AVX2, chosen at run time. Results are identical: no contraction (-ffp-contract=off), no
// reordering. Disabled under sanitizers, because the dispatch runs before their start-up.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__)
#define DACLIP_HOT __attribute__((target_clones("avx2", "default")))
#else
#define DACLIP_HOT
#endif

namespace daclip {

// e^x with relative error below 2e-7; x is clamped to [-87, 87]. Vectorises.
inline float fast_exp(float x) {
  x = x < -87.f ? -87.f : (x > 87.f ? 87.f : x);
  const float scaled = x * 1.44269504088896341f;
  const int32_t whole = int32_t(scaled + (scaled < 0 ? -0.5f : 0.5f));
  const float f = (scaled - float(whole)) * 0.693147180559945309f;  // in [-0.35, 0.35]
  const float p =
      1.f +
      f * (1.f + f * (0.5f + f * (1.f / 6 + f * (1.f / 24 + f * (1.f / 120 + f * (1.f / 720 + f * (1.f / 5040)))))));
  return p * std::bit_cast<float>((whole + 127) << 23);
}

// ln x for normal x > 0, with absolute error below 1e-6 near 1. Vectorises.
inline float fast_log(float x) {
  const int32_t bits = std::bit_cast<int32_t>(x);
  const int32_t exponent = (bits - 0x3f3504f3) >> 23;  // puts the mantissa into [sqrt(1/2), sqrt(2))
  const float m = std::bit_cast<float>(bits - exponent * (1 << 23));
  const float s = (m - 1.f) / (m + 1.f), s2 = s * s;  // ln m = 2 artanh s
  return float(exponent) * 0.693147180559945309f +
         2.f * s * (1.f + s2 * (1.f / 3 + s2 * (1.f / 5 + s2 * (1.f / 7 + s2 * (1.f / 9)))));
}

// x^power for normal x > 0.
inline float fast_pow(float x, float power) { return fast_exp(power * fast_log(x)); }

// The sRGB transfer function (IEC 61966-2-1), by an interpolated table. Inputs are clamped to [0,1].
float srgb_to_linear(float value);
float linear_to_srgb(float value);
FloatImage to_linear(const FloatImage& srgb);
FloatImage to_srgb(const FloatImage& linear);

// Clamps to [0,1] and rounds to multiples of 1/255, like an 8-bit picture.
void round_to_bytes(FloatImage& image);

// BT.601 luma of an RGB image, one channel.
FloatImage luma(const FloatImage& rgb);

// Standard normal or uniform [0,1) samples in bulk (counter-based, vectorised). Uses one number from `random`.
void fill_normal(std::span<float> out, Random& random);
void fill_uniform(std::span<float> out, Random& random);

// Multi-octave value noise, one channel, rescaled to exactly [0,1] (0.5 if constant). cell: wavelength of the coarsest
// octave in pixels. Each further octave has half the wavelength and `persistence` times the amplitude.
FloatImage value_noise(int width, int height, double cell, int octaves, double persistence, Random& random);

// Gaussian blur in place, any number of channels, border pixels repeated. sigma in pixels; 0 does nothing. Wide blurs
// run on a reduced copy, so the cost hardly grows with sigma.
void gaussian_blur(FloatImage& image, double sigma);

// Bilinear resampling without antialiasing, pixel centres aligned (for enlarging smooth fields). step: input pixels per
// output pixel; 1/factor undoes box_reduce, 0 fits the whole picture.
FloatImage bilinear_resize(const FloatImage& image, int width, int height, double step = 0);

// Mean over factor x factor blocks. The blocks in the last row and column may be partial.
FloatImage box_reduce(const FloatImage& image, int factor);

// Bilinear value at (x, y) in pixel coordinates (0 is the first pixel's centre), border pixels repeated.
inline float bilinear_sample(const FloatImage& image, float x, float y, int c) {
  x = x < 0 ? 0 : (x > float(image.width - 1) ? float(image.width - 1) : x);
  y = y < 0 ? 0 : (y > float(image.height - 1) ? float(image.height - 1) : y);
  const int x0 = int(x), y0 = int(y);
  const int x1 = x0 + 1 < image.width ? x0 + 1 : x0, y1 = y0 + 1 < image.height ? y0 + 1 : y0;
  const float fx = x - float(x0), fy = y - float(y0);
  const float top = image.at(x0, y0, c) + fx * (image.at(x1, y0, c) - image.at(x0, y0, c));
  const float bottom = image.at(x0, y1, c) + fx * (image.at(x1, y1, c) - image.at(x0, y1, c));
  return top + fy * (bottom - top);
}

// 0 below low, 1 above high, smooth in between.
inline float smoothstep(float low, float high, float x) {
  const float t = x <= low ? 0.f : (x >= high ? 1.f : (x - low) / (high - low));
  return t * t * (3.f - 2.f * t);
}

}  // namespace daclip
