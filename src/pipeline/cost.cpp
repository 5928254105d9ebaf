#include "pipeline/cost.h"

#include "ops/counting_backend.h"

namespace daclip {
namespace {

Weights placeholders(CountingBackend& backend, const std::vector<WeightSpec>& specs) {
  Weights weights;
  for (const WeightSpec& spec : specs) weights.emplace(spec.name, backend.parameter(spec.shape));
  return weights;
}

}  // namespace

ModelCost model_cost(const ModelConfig& config) {
  ModelCost cost;
  {
    CountingBackend backend;
    const Weights weights = placeholders(backend, daclip_weights(config.clip, true, false));
    const int64_t side = config.clip.vision.image_size;
    encode_image_controlled(backend, config.clip, Scope(weights), backend.activation({1, side, side, 3}));
    cost.daclip = backend.multiply_adds();
  }
  if (config.restorer) {
    CountingBackend backend;
    const NafnetConfig& network = *config.restorer;
    const Weights weights = placeholders(backend, nafnet_weights(network));
    constexpr int64_t kSide = 512;
    Contexts contexts;
    if (network.content_dim > 0) contexts.content = backend.activation({1, network.content_dim});
    if (network.degradation_dim > 0) contexts.degradation = backend.activation({1, network.degradation_dim});
    nafnet(backend, network, Scope(weights), backend.activation({1, kSide, kSide, 3}), contexts);
    cost.restorer_per_pixel = backend.multiply_adds() / double(kSide * kSide);
  }
  return cost;
}

}  // namespace daclip
