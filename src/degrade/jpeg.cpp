// Degradation "jpeg-compressed". Model: baseline JPEG without the lossless entropy coding: YCbCr, chroma halved in both
// directions, 8x8 DCT, quantisation by the standard tables scaled for a quality, and back. Every step uses libjpeg's
// integer arithmetic (ISLOW transforms, box reduction with alternating rounding, "fancy" triangle enlargement), so the
// result equals libjpeg's.
#include <array>
#include <cmath>

#include "degrade/dct.h"
#include "degrade/fields.h"
#include "degrade/kinds.h"

namespace daclip {
namespace {

// ITU T.81, annex K, in natural order.
constexpr std::array<int, 64> kLumaTable = {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,  //
                                            14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,  //
                                            18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,  //
                                            49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr std::array<int, 64> kChromaTable = {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,  //
                                              24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,  //
                                              99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,  //
                                              99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

// libjpeg's jpeg_quality_scaling and jpeg_add_quant_table, baseline.
std::array<int32_t, 64> scaled_table(const std::array<int, 64>& base, int quality) {
  const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  std::array<int32_t, 64> table;
  for (size_t i = 0; i < 64; ++i) table[i] = std::clamp((base[i] * scale + 50) / 100, 1, 255);
  return table;
}

// One component, padded to whole blocks by repeating its last column and row.
struct Plane {
  int width, height, stride, rows;  // real size; size in memory
  std::vector<int32_t> data;

  Plane(int w, int h)
      : width(w), height(h), stride((w + 15) / 16 * 16), rows((h + 15) / 16 * 16), data(size_t(stride) * size_t(rows)) {
  }
  int32_t* row(int y) { return data.data() + size_t(y) * size_t(stride); }
  const int32_t* row(int y) const { return data.data() + size_t(y) * size_t(stride); }
  void pad() {
    for (int y = 0; y < height; ++y) std::fill(row(y) + width, row(y) + stride, row(y)[width - 1]);
    for (int y = height; y < rows; ++y) std::copy(row(height - 1), row(height - 1) + stride, row(y));
  }
};

constexpr int32_t fix(double x) { return int32_t(x * 65536 + 0.5); }
constexpr int32_t kHalf = 1 << 15;

inline int32_t level(float v) {
  v = v < 0.f ? 0.f : (v > 1.f ? 1.f : v);
  return int32_t(v * 255.f + 0.5f);
}

DACLIP_HOT void row_to_ycc(const float* rgb, int32_t* y, int32_t* cb, int32_t* cr, int n) {
  constexpr int32_t kOffset = (128 << 16) + kHalf - 1;
  for (int i = 0; i < n; ++i) {
    const int32_t r = level(rgb[3 * i]), g = level(rgb[3 * i + 1]), b = level(rgb[3 * i + 2]);
    y[i] = (fix(0.29900) * r + fix(0.58700) * g + fix(0.11400) * b + kHalf) >> 16;
    cb[i] = (-fix(0.16874) * r - fix(0.33126) * g + fix(0.50000) * b + kOffset) >> 16;
    cr[i] = (fix(0.50000) * r - fix(0.41869) * g - fix(0.08131) * b + kOffset) >> 16;
  }
}

inline float to_unit(int32_t v) { return float(v < 0 ? 0 : (v > 255 ? 255 : v)) / 255.f; }

DACLIP_HOT void row_to_rgb(const int32_t* y, const int32_t* cb, const int32_t* cr, float* rgb, int n) {
  for (int i = 0; i < n; ++i) {
    const int32_t b = cb[i] - 128, r = cr[i] - 128;
    rgb[3 * i] = to_unit(y[i] + ((fix(1.40200) * r + kHalf) >> 16));
    rgb[3 * i + 1] = to_unit(y[i] + ((-fix(0.34414) * b - fix(0.71414) * r + kHalf) >> 16));
    rgb[3 * i + 2] = to_unit(y[i] + ((fix(1.77200) * b + kHalf) >> 16));
  }
}

void compress(Plane& plane, const std::array<int32_t, 64>& table) {
  int32_t block[64], coefficients[64];
  for (int by = 0; by < plane.rows; by += 8)
    for (int bx = 0; bx < plane.stride; bx += 8) {
      for (int i = 0; i < 8; ++i)
        for (int j = 0; j < 8; ++j) block[8 * i + j] = plane.row(by + i)[bx + j] - 128;
      forward_dct(block, coefficients);
      requantise(coefficients, table.data());
      inverse_dct(coefficients, block);
      for (int i = 0; i < 8; ++i) std::copy(block + 8 * i, block + 8 * i + 8, plane.row(by + i) + bx);
    }
}

// h2v2_downsample in jcsample.c: rounding alternates between 1/4 and 2/4. Columns that pad the last block come from
// repeated full-size pixels, rows from repeated results.
Plane halve(const Plane& full) {
  Plane half((full.width + 1) / 2, (full.height + 1) / 2);
  for (int y = 0; y < half.height; ++y) {
    const int32_t *a = full.row(2 * y), *b = full.row(2 * y + 1);
    int32_t* out = half.row(y);
    for (int x = 0; x < full.stride / 2; ++x)
      out[x] = (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1] + 1 + (x & 1)) >> 2;
  }
  for (int y = half.height; y < half.rows; ++y)
    std::copy(half.row(half.height - 1), half.row(half.height), half.row(y));
  return half;
}

// h2v2_fancy_upsample in jdsample.c: one output row of 2 * half.width samples; very narrow rows repeat samples.
void double_row(const Plane& half, int y, int32_t* sums, int32_t* out) {
  const int n = half.width, near_y = y / 2;
  const int far_y = std::clamp(y % 2 ? near_y + 1 : near_y - 1, 0, half.height - 1);
  const int32_t *near = half.row(near_y), *far = half.row(far_y);
  if (n <= 2) {
    for (int x = 0; x < n; ++x) out[2 * x] = out[2 * x + 1] = near[x];
    return;
  }
  for (int x = 0; x < n; ++x) sums[x + 1] = 3 * near[x] + far[x];
  sums[0] = sums[1];
  sums[n + 1] = sums[n];
  for (int x = 0; x < n; ++x) {
    out[2 * x] = (3 * sums[x + 1] + sums[x] + 8) >> 4;
    out[2 * x + 1] = (3 * sums[x + 1] + sums[x + 2] + 7) >> 4;
  }
}

}  // namespace

const std::vector<DegradeParam>& jpeg_params() {
  static const std::vector<DegradeParam> params = {
      {"quality", "", "libjpeg's quality", 1, 100},
      {"chroma", "", "colour resolution: 2 halves it in both directions (4:2:0), 1 keeps it (4:4:4)", 1, 2},
  };
  return params;
}

FloatImage jpeg(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool wide = severity == Severity::training;
  // Favours strong compression, whose artefacts are most worth removing.
  const double drawn_quality = std::floor(5 + 36 * std::pow(random.uniform(), 1.3));
  const double drawn_chroma = random.chance(0.15) ? 1 : 2;
  const int quality = int(std::lround(params.get("quality", wide ? drawn_quality : 10)));
  const bool halved = std::lround(params.get("chroma", wide ? drawn_chroma : 2)) == 2;

  Plane y(gt.width, gt.height), cb = y, cr = y;
  for (int i = 0; i < gt.height; ++i) row_to_ycc(gt.row(i), y.row(i), cb.row(i), cr.row(i), gt.width);
  for (Plane* plane : {&y, &cb, &cr}) plane->pad();
  if (halved) {
    cb = halve(cb);
    cr = halve(cr);
  }
  const auto luma_table = scaled_table(kLumaTable, quality), chroma_table = scaled_table(kChromaTable, quality);
  compress(y, luma_table);
  compress(cb, chroma_table);
  compress(cr, chroma_table);

  FloatImage out(gt.width, gt.height, 3);
  std::vector<int32_t> sums(size_t(gt.width) / 2 + 4), wide_cb(size_t(gt.width) + 2), wide_cr(size_t(gt.width) + 2);
  for (int i = 0; i < gt.height; ++i) {
    if (halved) {
      double_row(cb, i, sums.data(), wide_cb.data());
      double_row(cr, i, sums.data(), wide_cr.data());
    }
    row_to_rgb(y.row(i), halved ? wide_cb.data() : cb.row(i), halved ? wide_cr.data() : cr.row(i), out.row(i),
               gt.width);
  }
  return out;
}

}  // namespace daclip
