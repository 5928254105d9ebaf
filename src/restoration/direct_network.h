// Networks that restore a photo in one evaluation.
#pragma once

#include "restoration/restoration_network.h"

namespace daclip {

// Replaces the mean over the map in a block's channel attention: (N,H,W,C) -> (N,1,1,C). Called once per block, in
// order of execution.
using Pooling = std::function<Tensor(const Tensor& x)>;

class DirectNetwork : public RestorationNetwork {
 public:
  // lq (N,H,W,3) in [0,1] -> the restored picture, same shape, not clamped. Networks without global pooling ignore
  // `pooling`.
  virtual Tensor forward(Backend& backend, const Scope& weights, const Tensor& lq, const Contexts& contexts,
                         const Pooling& pooling = {}) const = 0;

  // Peak number of live activations per pixel.
  virtual double values_per_pixel() const = 0;
  // Whether some layer averages over the whole map. Tiles must then share the photo's means.
  virtual bool pools_globally() const = 0;

  double bytes_per_pixel(size_t element_size) const override { return values_per_pixel() * double(element_size); }
  uint64_t default_memory() const override { return uint64_t(512) << 20; }
  void check_sampling(const SamplerOptions& options) const override;
  std::string describe_sampling(const SamplerOptions&) const override { return ""; }
  int default_evaluations() const override { return 1; }
  Tensor evaluate(Backend& backend, const Scope& weights, const Tensor& picture,
                  const Contexts& contexts) const override {
    return forward(backend, weights, picture, contexts);
  }
  std::unique_ptr<TileSession> session(Backend& backend, const Scope& weights, const Contexts& contexts,
                                       const SamplerOptions& options) const override;
};

// Throws UsageError for a network of another family.
const DirectNetwork& as_direct(const RestorationNetwork& network);

}  // namespace daclip
