#include "train/params.h"

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "torch/torch_backend.h"

namespace daclip {
namespace {

uint64_t name_seed(uint64_t seed, const std::string& name) {
  for (char c : name) seed = mix_seed(seed, uint8_t(c));
  return seed;
}

void fill(float* data, int64_t count, const WeightSpec& spec, uint64_t seed) {
  Random random(name_seed(seed, spec.name));
  const auto each = [&](auto value) {
    for (int64_t i = 0; i < count; ++i) data[i] = float(value());
  };
  switch (spec.init) {
    case WeightSpec::Init::zeros: return each([] { return 0; });
    case WeightSpec::Init::ones: return each([] { return 1; });
    case WeightSpec::Init::constant: return each([&] { return spec.scale; });
    case WeightSpec::Init::normal: return each([&] { return spec.scale * random.normal(); });
    case WeightSpec::Init::fan_in: return each([&] { return random.uniform(-spec.scale, spec.scale); });
    case WeightSpec::Init::unit_uniform: return each([&] { return random.uniform(); });
  }
}

}  // namespace

NamedParams make_params(const std::vector<WeightSpec>& specs, uint64_t seed, torch::Device device) {
  NamedParams params;
  for (const WeightSpec& spec : specs) {
    torch::Tensor value = torch::empty(spec.shape, torch::kFloat32);
    fill(value.data_ptr<float>(), value.numel(), spec, seed);
    params.push_back({spec.name, value.to(device).requires_grad_(true)});
  }
  return params;
}

void add_weights(const NamedParams& params, Weights& weights, const std::string& prefix) {
  for (const NamedParam& param : params) weights[prefix + param.name] = TorchBackend::wrap(param.value);
}

Weights as_weights(const NamedParams& params, const std::string& prefix) {
  Weights weights;
  add_weights(params, weights, prefix);
  return weights;
}

std::vector<std::string> load_params(NamedParams& params, const NamedArrays& arrays, const std::string& prefix) {
  const torch::NoGradGuard no_grad;
  std::vector<std::string> missing;
  for (NamedParam& param : params) {
    const auto found = arrays.arrays.find(prefix + param.name);
    if (found == arrays.arrays.end()) {
      missing.push_back(param.name);
      continue;
    }
    const Shape expected = param.value.sizes().vec();
    if (found->second.shape != expected)
      throw WeightsError(
          cat(found->first, ": expected shape ", to_string(expected), ", found ", to_string(found->second.shape)));
    std::vector<float> values = found->second.to_floats();
    param.value.copy_(torch::from_blob(values.data(), expected, torch::kFloat32));
  }
  return missing;
}

NamedArray to_array(const torch::Tensor& tensor, ArrayType type) {
  const torch::Tensor host = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  return make_array({host.data_ptr<float>(), size_t(host.numel())}, host.sizes().vec(), type);
}

void store_params(const NamedParams& params, NamedArrays& arrays, const std::string& prefix, ArrayType type) {
  for (const NamedParam& param : params) arrays.arrays[prefix + param.name] = to_array(param.value, type);
}

void forget_gradients(NamedParams& params) {
  for (NamedParam& param : params) param.value.mutable_grad() = torch::Tensor();
}

NamedParams detached_copy(const NamedParams& params) {
  NamedParams copy;
  for (const NamedParam& param : params) copy.push_back({param.name, param.value.detach().clone()});
  return copy;
}

}  // namespace daclip
