// Networks that predict the noise of a diffusion state: a photo is restored by drawing a sample step by step (IR-SDE).
#pragma once

#include "restoration/restoration_network.h"
#include "sde/sampler.h"

namespace daclip {

// A noise network with contexts and times fixed: what all tiles of a photo share is computed once.
class NoisePrediction {
 public:
  virtual ~NoisePrediction() = default;
  // xt, mu (1,H,W,3), H and W multiples of the network's -> the noise predicted for evaluation `step`, of that shape.
  virtual Tensor predict(int step, const Tensor& xt, const Tensor& mu) = 0;
};

class DiffusionNetwork : public RestorationNetwork {
 public:
  explicit DiffusionNetwork(const SdeConfig& sde = {}) : sde_(sde) {}

  const SdeConfig& sde() const { return sde_; }

  // times: those of the evaluations, in the units of training. Network, backend and weights are kept by reference.
  virtual std::unique_ptr<NoisePrediction> prediction(Backend& backend, const Scope& weights, const Contexts& contexts,
                                                      std::span<const double> times) const = 0;
  // Activations alive at a time for each pixel, where the network needs most of them.
  virtual double values_per_pixel() const = 0;

  // Derived classes list their own fields, then call this: the section "sde".
  void visit(ConfigVisitor& visitor) override;

  double bytes_per_pixel(size_t element_size) const override;
  // A diffusion network attends to all of its tile: the bound is what 1024x1024 pixels in float32 need.
  uint64_t default_memory() const override { return uint64_t(2) << 30; }
  void check_sampling(const SamplerOptions& options) const override;
  std::string describe_sampling(const SamplerOptions& options) const override;
  int default_evaluations() const override;
  Tensor evaluate(Backend& backend, const Scope& weights, const Tensor& picture,
                  const Contexts& contexts) const override;
  std::unique_ptr<TileSession> session(Backend& backend, const Scope& weights, const Contexts& contexts,
                                       const SamplerOptions& options) const override;

 private:
  SdeConfig sde_;
};

}  // namespace daclip
