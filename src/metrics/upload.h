// Uploads pictures and weights to a backend. Internal to metrics/.
#pragma once

#include <string>
#include <vector>

#include "image/float_image.h"
#include "ops/backend.h"
#include "ops/weights.h"
#include "weights/named_arrays.h"

namespace daclip {

// Throws UsageError for other types, because bfloat16's rounding errors exceed the distances to be measured.
inline void require_float32(const Backend& backend, const std::string& metric) {
  if (backend.compute_dtype() != DType::f32)
    throw UsageError(cat(metric, ": the backend works in ", dtype_name(backend.compute_dtype()), ", expected float32"));
}

inline Weights upload(Backend& backend, const NamedArrays& file) {
  Weights weights;
  for (const auto& [name, array] : file.arrays) weights.emplace(name, backend.weight(array.to_floats(), array.shape));
  return weights;
}

// Input of LPIPS's networks: RGB scaled to [-1,1], then normalised by ImageNet's statistics. -> (1,H,W,3).
inline Tensor perceptual_input(Backend& backend, const FloatImage& image) {
  constexpr double kShift[] = {-0.030, -0.088, -0.188}, kScale[] = {0.458, 0.448, 0.450};
  std::vector<float> values(image.data.size());
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = float((2 * double(image.data[i]) - 1 - kShift[i % 3]) / kScale[i % 3]);
  return backend.from_floats(values, {1, image.height, image.width, 3});
}

}  // namespace daclip
