// Reads reference values: those in ../shared/golden, whose README describes each tensor, and the small fixtures beside
// this file, in the same layout.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "ops/backend.h"
#include "ops/weights.h"
#include "restoration/weight_spec.h"
#include "weights/safetensors.h"

namespace daclip::fixtures {

namespace fs = std::filesystem;
using Json = nlohmann::json;

inline fs::path golden_root() {
  const char* root = std::getenv("DACLIP_GOLDEN_DIR");
  return root ? root : "../shared/golden";
}

inline fs::path own_root() { return "tests/nets/data"; }

inline Json read_json(const fs::path& path) {
  std::ifstream file(path);
  return Json::parse(file);
}

// The folders in `root` whose config.json has the entry at this JSON pointer, sorted by name.
inline std::vector<fs::path> folders_with(const fs::path& root, const std::string& pointer) {
  std::vector<fs::path> found;
  if (!fs::is_directory(root)) return found;
  for (const auto& entry : fs::directory_iterator(root)) {
    const fs::path config = entry.path() / "config.json";
    if (fs::exists(config) && read_json(config).contains(Json::json_pointer(pointer))) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Uploads weights. Scalars become vectors of length one, as backends require.
inline Weights upload(Backend& backend, const NamedArrays& file) {
  Weights weights;
  for (const auto& [name, array] : file.arrays) {
    const Shape shape = array.shape.empty() ? Shape{1} : array.shape;
    weights.emplace(name, backend.weight(array.to_floats(), shape));
  }
  return weights;
}

// Derives a weight from its name, so that no file has to store it: the name's FNV-1a hash seeds SplitMix64. Values are
// uniform, of order 1/sqrt(fan in); gains are around 1. data/make_unet.py does the same for the small fixtures.
inline NamedArray named_weight(const std::string& name, const Shape& shape, double matrix_scale = 1) {
  uint64_t state = 0xcbf29ce484222325;
  for (const char c : name) state = (state ^ uint8_t(c)) * 0x100000001b3;
  int64_t count = 1;
  for (const int64_t d : shape) count *= d;
  const bool norm = name.find("norm") != name.npos || name.find("Norm") != name.npos;
  const bool gain = name.ends_with(".g") || (norm && name.ends_with("weight"));
  const double spread = gain ? 0.4 : shape.size() > 1 ? std::sqrt(3.0 * double(shape[0]) / double(count)) : 0.3;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    value = float((gain ? 1 : 0) + spread * (double((z ^ (z >> 31)) >> 40) / (1 << 23) - 1));
  }
  if (shape.size() > 1)
    for (float& value : values) value = float(matrix_scale * double(value));
  return make_array(values, shape);
}

// A fixture's weights: from its file, or derived from names if its configuration has "weights": "by name".
inline NamedArrays fixture_weights(const fs::path& folder, const Json& json, const std::vector<WeightSpec>& specs) {
  const std::string source = json.value("weights", "weights.safetensors");
  if (source != "by name") return read_safetensors(folder / source);
  NamedArrays file;
  for (const WeightSpec& spec : specs)
    file.arrays.emplace(spec.name, named_weight(spec.name, spec.shape, json.value("matrix_scale", 1.0)));
  return file;
}

// (N,C,H,W) on the host to (N,H,W,C) on the backend, and back.
inline Tensor from_nchw(Backend& backend, const NamedArray& array) {
  const std::vector<float> values = array.to_floats();
  const int64_t n = array.shape.at(0), c = array.shape.at(1), h = array.shape.at(2), w = array.shape.at(3);
  std::vector<float> nhwc(values.size());
  for (int64_t i = 0; i < n * c * h * w; ++i) {
    const int64_t x = i % w, y = i / w % h, channel = i / (w * h) % c, image = i / (w * h * c);
    nhwc[size_t(((image * h + y) * w + x) * c + channel)] = values[size_t(i)];
  }
  return backend.from_floats(nhwc, {n, h, w, c});
}

inline std::vector<float> to_nchw(Backend& backend, const Tensor& x) {
  const std::vector<float> values = backend.to_floats(x);
  const int64_t n = x.dim(0), h = x.dim(1), w = x.dim(2), c = x.dim(3);
  std::vector<float> nchw(values.size());
  for (int64_t i = 0; i < n * c * h * w; ++i) {
    const int64_t channel = i % c, column = i / c % w, row = i / (c * w) % h, image = i / (c * w * h);
    nchw[size_t(((image * c + channel) * h + row) * w + column)] = values[size_t(i)];
  }
  return nchw;
}

inline Tensor from_array(Backend& backend, const NamedArray& array) {
  return backend.from_floats(array.to_floats(), array.shape);
}

inline double largest(std::span<const double> values) {
  double result = 0;
  for (const double v : values) result = std::max(result, std::abs(v));
  return result;
}

// Accepted difference: `exact` in float32, more in bfloat16, whose mantissa has 8 bits and whose error grows with
// depth.
inline double tolerance(const Backend& backend, double exact, std::span<const double> expected) {
  constexpr double kBfloat16 = 0.06;
  return backend.compute_dtype() == DType::f32 ? exact : kBfloat16 * largest(expected);
}

// Expects all differences to be at most `allowed`. Reports only the largest.
inline void expect_close(std::span<const float> found, std::span<const double> expected, double allowed,
                         const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  size_t worst = 0;
  double error = -1;
  for (size_t i = 0; i < found.size(); ++i) {
    const double e = std::abs(double(found[i]) - expected[i]);
    if (!(e <= error)) {
      error = e;
      worst = i;
      if (std::isnan(e)) break;
    }
  }
  EXPECT_LE(error, allowed) << what << ": value " << worst << " is " << (found.empty() ? 0 : found[worst])
                            << ", expected " << (expected.empty() ? 0 : expected[worst]);
  const double scale = std::max(largest(expected), 1e-300);
  ::testing::Test::RecordProperty(what, cat("max error ", error, ", relative ", error / scale));
}

}  // namespace daclip::fixtures
