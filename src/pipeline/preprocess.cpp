#include "pipeline/preprocess.h"

#include <array>
#include <cmath>
#include <numbers>

#include "core/error.h"
#include "image/luma.h"
#include "image/pixels.h"
#include "image/resize.h"

namespace daclip {
namespace {

constexpr int kSpectrumBlock = 16;  // pixels; equals the compact model's patch

// CLIP's statistics (open_clip's constants.py).
constexpr std::array<float, 3> kMean = {0.48145466f, 0.4578275f, 0.40821073f};
constexpr std::array<float, 3> kDeviation = {0.26862954f, 0.26130258f, 0.27577711f};

// The reference computes uint8(x * 255), which truncates instead of rounding.
FloatImage truncated_to_8bit(FloatImage image) {
  for (float& v : image.data) v = std::floor(std::clamp(v * 255.f, 0.f, 255.f)) / 255.f;
  return image;
}

FloatImage crop(const FloatImage& image, int left, int top, int width, int height) {
  FloatImage result(width, height, image.channels);
  for (int y = 0; y < height; ++y) {
    const float* source = image.row(top + y) + size_t(left) * size_t(image.channels);
    std::copy_n(source, size_t(width) * size_t(image.channels), result.row(y));
  }
  return result;
}

// Cuts a very long photo to its middle: only a square of it is used, and enlarging a one-pixel line would need
// gigabytes.
FloatImage shortened(const FloatImage& rgb) {
  constexpr int kLongest = 16;  // longest side as a multiple of the shorter one
  const int limit = kLongest * std::min(rgb.width, rgb.height);
  const int width = std::min(rgb.width, limit), height = std::min(rgb.height, limit);
  return crop(rgb, (rgb.width - width) / 2, (rgb.height - height) / 2, width, height);
}

FloatImage clip_transform(const FloatImage& rgb, int size) {
  FloatImage image = truncated_to_8bit(shortened(rgb));
  // As in torchvision, the longer side is truncated to an integer.
  const int64_t shorter = std::min(image.width, image.height);
  const int width = int(int64_t(size) * image.width / shorter);
  const int height = int(int64_t(size) * image.height / shorter);
  if (width != image.width || height != image.height) image = resize_8bit(image, width, height);
  // As Python's round(), nearbyint rounds halves to even in the default rounding mode.
  const int left = int(std::nearbyint((width - size) / 2.0)), top = int(std::nearbyint((height - size) / 2.0));
  return crop(image, left, top, size, size);
}

// The orthonormal DCT-II matrix, row-major (frequency, sample).
const std::vector<float>& dct_matrix() {
  static const std::vector<float> matrix = [] {
    std::vector<float> m(kSpectrumBlock * kSpectrumBlock);
    for (int k = 0; k < kSpectrumBlock; ++k)
      for (int i = 0; i < kSpectrumBlock; ++i)
        m[size_t(k * kSpectrumBlock + i)] = float(std::sqrt((k ? 2.0 : 1.0) / kSpectrumBlock) *
                                                  std::cos(std::numbers::pi * (i + 0.5) * k / kSpectrumBlock));
    return m;
  }();
  return matrix;
}

// Log magnitudes of one block's DCT coefficients, scaled to about [0,1]. The floor 0.001 is a quarter of an 8-bit
// level.
void log_spectrum(const float* block, float* spectrum) {
  constexpr int n = kSpectrumBlock;
  const std::vector<float>& m = dct_matrix();
  std::array<float, n * n> rows;
  for (int y = 0; y < n; ++y)
    for (int k = 0; k < n; ++k) {
      float sum = 0;
      for (int x = 0; x < n; ++x) sum += m[size_t(k * n + x)] * block[y * n + x];
      rows[size_t(y * n + k)] = sum;
    }
  for (int k = 0; k < n; ++k)
    for (int x = 0; x < n; ++x) {
      float sum = 0;
      for (int y = 0; y < n; ++y) sum += m[size_t(k * n + y)] * rows[size_t(y * n + x)];
      spectrum[k * n + x] = (std::log(std::abs(sum) + 1e-3f) + 7.f) / 10.f;
    }
}

// native(left, top, width, height) returns a part of the photo. A photo smaller than the tile is extended by
// reflection.
template <class NativeTile>
void show_native_tile(NativeTile native, int width, int height, int left, int top, int side, FloatImage& square, int x0,
                      int y0) {
  constexpr int n = kSpectrumBlock;
  const FloatImage tile = native(left, top, std::min(side, width - left), std::min(side, height - top));
  std::array<float, n * n> luma, chroma, luma_spectrum, chroma_spectrum;
  for (int by = 0; by < side; by += n)
    for (int bx = 0; bx < side; bx += n) {
      for (int i = 0; i < n * n; ++i) {
        const int x = reflected(bx + i % n, tile.width), y = reflected(by + i / n, tile.height);
        const float r = tile.at(x, y, 0), g = tile.at(x, y, 1), b = tile.at(x, y, 2);
        luma[size_t(i)] = bt601_luma(r, g, b);
        chroma[size_t(i)] = 0.5f * (r - b);
      }
      log_spectrum(luma.data(), luma_spectrum.data());
      log_spectrum(chroma.data(), chroma_spectrum.data());
      for (int i = 0; i < n * n; ++i) {
        float* pixel = &square.at(x0 + bx + i % n, y0 + by + i / n, 0);
        pixel[0] = luma[size_t(i)];
        pixel[1] = luma_spectrum[size_t(i)];
        pixel[2] = chroma_spectrum[size_t(i)];
      }
    }
}

constexpr int kPatch = 8;  // side in pixels of the patch behind one texture-map position

// Sharpness, brightness and darkest channel of one patch in a strip of native rows, each scaled to about [0,1].
void describe_patch(const FloatImage& strip, int left, int width, float* values) {
  const int height = strip.height;
  std::array<float, kPatch * kPatch> luma;
  float sum = 0, darkest = 1;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const float r = strip.at(left + x, y, 0), g = strip.at(left + x, y, 1), b = strip.at(left + x, y, 2);
      luma[size_t(y * kPatch + x)] = bt601_luma(r, g, b);
      sum += luma[size_t(y * kPatch + x)];
      darkest = std::min({darkest, r, g, b});
    }
  float laplacian = 0;
  for (int y = 1; y + 1 < height; ++y)
    for (int x = 1; x + 1 < width; ++x) {
      const float* p = &luma[size_t(y * kPatch + x)];
      laplacian += std::abs(p[-1] + p[1] + p[-kPatch] + p[kPatch] - 4 * p[0]);
    }
  const int inner = std::max(1, (height - 2) * (width - 2));
  values[0] = (std::log(laplacian / float(inner) + 1e-3f) + 7.f) / 7.f;
  values[1] = (std::log(sum / float(height * width) + 0.01f) + 4.6f) / 4.6f;
  values[2] = darkest;
}

template <class NativeTile>
void show_texture(NativeTile native, int width, int height, int side, FloatImage& square) {
  const int patch_width = std::min(kPatch, width), patch_height = std::min(kPatch, height);
  const auto position = [side](int index, int room) { return int(int64_t(2 * index + 1) * room / (2 * side)); };
  const int x0 = square.width - side, y0 = square.height - side;
  for (int y = 0; y < side; ++y) {
    const FloatImage strip = native(0, position(y, height - patch_height), width, patch_height);
    for (int x = 0; x < side; ++x)
      describe_patch(strip, position(x, width - patch_width), patch_width, &square.at(x0 + x, y0 + y, 0));
  }
}

// whole: the photo or a reduced copy, for the global view. native(left, top, width, height): a part of the full photo.
template <class NativeTile>
FloatImage mosaic(const FloatImage& whole, int width, int height, NativeTile native, const PreprocessConfig& config) {
  if (config.tile < 1 || config.tile % kSpectrumBlock || config.size % config.tile || config.global % config.tile ||
      config.global < config.tile || config.global > config.size || config.texture % config.tile ||
      config.texture < 0 || config.texture > config.size - config.global)
    throw UsageError(cat("preprocess: a mosaic of ", config.size, " with a view of ", config.global,
                         ", a texture map of ", config.texture, " and tiles of ", config.tile,
                         "; expected a tile that is a multiple of ", kSpectrumBlock,
                         ", other sizes that are multiples of the tile, and room for both view and map"));
  FloatImage square(config.size, config.size, 3);
  const FloatImage global = resize(whole, config.global, config.global);
  for (int y = 0; y < config.global; ++y) std::copy_n(global.row(y), size_t(config.global) * 3, square.row(y));

  if (config.texture > 0) show_texture(native, width, height, config.texture, square);

  const int cells = config.size / config.tile, taken = config.global / config.tile, map = config.texture / config.tile;
  const int count = cells * cells - taken * taken - map * map;
  const int columns = int(std::lround(std::sqrt(double(count)))), rows = (count + columns - 1) / columns;
  int k = 0;
  for (int cell_y = 0; cell_y < cells; ++cell_y)
    for (int cell_x = 0; cell_x < cells; ++cell_x) {
      if (cell_x < taken && cell_y < taken) continue;
      if (cell_x >= cells - map && cell_y >= cells - map) continue;
      // Spreads the tiles evenly over the photo.
      const auto position = [&](int index, int n, int length) {
        const int room = std::max(0, length - config.tile);
        return int(int64_t(2 * index + 1) * room / (2 * n)) / 8 * 8;
      };
      show_native_tile(native, width, height, position(k % columns, columns, width),
                       position(k / columns, rows, height), config.tile, square, cell_x * config.tile,
                       cell_y * config.tile);
      ++k;
    }
  return square;
}

}  // namespace

void normalise_for_clip(FloatImage& rgb) {
  for (size_t i = 0; i < rgb.data.size(); ++i) rgb.data[i] = (rgb.data[i] - kMean[i % 3]) / kDeviation[i % 3];
}

FloatImage clip_input(const FloatImage& rgb, const PreprocessConfig& config) {
  if (rgb.channels != 3 || rgb.empty())
    throw ShapeError(cat("clip_input: expected RGB, got ", rgb.width, "x", rgb.height, "x", rgb.channels));
  const auto native = [&](int left, int top, int width, int height) { return crop(rgb, left, top, width, height); };
  FloatImage square = config.kind == PreprocessConfig::Kind::clip ? clip_transform(rgb, config.size)
                                                                  : mosaic(rgb, rgb.width, rgb.height, native, config);
  normalise_for_clip(square);
  return square;
}

FloatImage clip_input(const Image& image, const PreprocessConfig& config) {
  const FloatImage whole = overview(image, config.size);
  if (config.kind == PreprocessConfig::Kind::clip) return clip_input(whole, config);
  const auto native = [&](int left, int top, int width, int height) {
    return rgb_region(image, left, top, width, height);
  };
  FloatImage square = mosaic(whole, image.width, image.height, native, config);
  normalise_for_clip(square);
  return square;
}

}  // namespace daclip
