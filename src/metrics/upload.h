// Uploads pictures and weights to a backend. Internal to metrics/.
#pragma once

#include <string>
#include <vector>

#include "image/float_image.h"
#include "nets/perceptual.h"
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

// Input of LPIPS's networks, (1,H,W,3).
inline Tensor perceptual_input(Backend& backend, const FloatImage& image) {
  std::vector<float> values;
  values.reserve(image.data.size());
  append_normalised(image, values);
  return backend.from_floats(values, {1, image.height, image.width, 3});
}

}  // namespace daclip
