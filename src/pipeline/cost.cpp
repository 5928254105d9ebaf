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
  if (config.clip) {
    CountingBackend backend;
    const Weights weights = placeholders(backend, daclip_weights(*config.clip, config.controller, false));
    const int64_t side = config.clip->vision.image_size;
    const Tensor image = backend.activation({1, side, side, 3});
    if (config.controller)
      encode_image_controlled(backend, *config.clip, Scope(weights), image);
    else
      encode_image(backend, config.clip->vision, config.clip->quick_gelu, Scope(weights, "clip.visual."), image);
    cost.daclip = backend.multiply_adds();
  }
  CountingBackend backend;
  constexpr int64_t kSide = 512;
  const Tensor photo = backend.activation({1, kSide, kSide, 3});
  const auto contexts = [&](const auto& network) {
    Contexts result;
    if (network.content_dim > 0) result.content = backend.activation({1, network.content_dim});
    if (network.degradation_dim > 0) result.degradation = backend.activation({1, network.degradation_dim});
    return result;
  };
  if (config.restorer) {
    const Weights weights = placeholders(backend, nafnet_weights(*config.restorer));
    nafnet(backend, *config.restorer, Scope(weights), photo, contexts(*config.restorer));
  } else if (config.unet) {
    const Weights weights = placeholders(backend, unet_weights(*config.unet));
    const double one_step[] = {1};
    unet(backend, *config.unet, Scope(weights), photo, photo, one_step, contexts(*config.unet));
  }
  cost.restorer_per_pixel = backend.multiply_adds() / double(kSide * kSide);
  return cost;
}

}  // namespace daclip
