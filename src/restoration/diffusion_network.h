// Networks that predict the noise of a diffusion state. They restore a photo by sampling in several steps (IR-SDE).
#pragma once

#include "restoration/restoration_network.h"
#include "sde/sampler.h"

namespace daclip {

// A part of a network as a function of its activations; `side` may be absent. It may be called after the network's
// evaluation, as long as the network, the backend and the weights exist.
using Block = std::function<Tensor(const Tensor& x, const Tensor& side)>;
// How a part is run. A trainer may save memory by running it once more for the gradients.
using BlockRunner = std::function<Tensor(const Block& block, const Tensor& x, const Tensor& side)>;

// A noise network with fixed contexts and times, so that what the tiles of a photo share is computed once.
class NoisePrediction {
 public:
  virtual ~NoisePrediction() = default;
  // xt, mu (1,H,W,3) -> the noise predicted for evaluation `step`, same shape. H and W must be more than half of the
  // network's multiple(); the network pads them by reflection.
  virtual Tensor predict(int step, const Tensor& xt, const Tensor& mu) = 0;
};

class DiffusionNetwork : public RestorationNetwork {
 public:
  explicit DiffusionNetwork(const SdeConfig& sde = {}) : sde_(sde) {}

  const SdeConfig& sde() const { return sde_; }

  // times: one per evaluation, in 1..T. Keeps references to the network, the backend and the weights.
  virtual std::unique_ptr<NoisePrediction> prediction(Backend& backend, const Scope& weights, const Contexts& contexts,
                                                      std::span<const double> times) const = 0;
  // The noise predicted for a batch, as in training: xt, mu (N,H,W,3), one time in 1..T per image. The parts of the
  // network with large activations are run by `run`, if it is given.
  virtual Tensor noise(Backend& backend, const Scope& weights, const Tensor& xt, const Tensor& mu,
                       std::span<const double> times, const Contexts& contexts, const BlockRunner& run = {}) const = 0;
  // Peak number of live activations per pixel.
  virtual double values_per_pixel() const = 0;

  // Visits the section "sde". Derived classes visit their own fields first, then call this.
  void visit(ConfigVisitor& visitor) override;

  double bytes_per_pixel(size_t element_size) const override;
  // Enough for a tile of 1024x1024 pixels in float32; the network's attention profits from large tiles.
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

// Throws UsageError for a network of another family.
const DiffusionNetwork& as_diffusion(const RestorationNetwork& network);

}  // namespace daclip
