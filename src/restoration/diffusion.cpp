#include "restoration/diffusion.h"

#include <algorithm>

#include "image/pixels.h"

namespace daclip {
namespace {

// Sides that one reflection cannot bring up to the network's multiple, as they are at most half of it, are brought there.
FloatImage large_enough(const FloatImage& tile, int multiple) {
  const auto side = [multiple](int length) { return 2 * length > multiple ? length : multiple; };
  return continued(tile, side(tile.width), side(tile.height));
}

}  // namespace

Diffusion::Diffusion(Backend& backend, const UnetConfig& config, const SdeConfig& sde, const Scope& weights,
                     const Contexts& contexts, const SamplerOptions& options)
    : backend_(backend), config_(config), weights_(weights), plan_(sde, options.sampler, options.steps),
      noise_(options.seed), conditioning_(unet_conditioning(backend, config, weights, contexts)) {
  for (int step = 0; step < plan_.evaluations(); ++step) {
    const double time = plan_.network_time(step);
    times_.push_back(unet_time(backend, config, weights, conditioning_, std::span(&time, 1)));
  }
}

FloatImage Diffusion::restore(const FloatImage& tile, int left, int top,
                              const std::function<void(double)>& progress) const {
  const FloatImage picture = large_enough(tile, config_.multiple());
  const Region region{left, top, picture.width, picture.height};
  const Shape shape = {1, picture.height, picture.width, picture.channels};
  const Tensor mu = backend_.from_floats(picture.data, shape);
  std::vector<float> state(picture.data.size());
  const auto predict = [&](int step, std::span<const double> x, std::span<double> noise) {
    std::copy(x.begin(), x.end(), state.begin());
    const Tensor xt = backend_.from_floats(state, shape);
    const std::vector<float> predicted =
        backend_.to_floats(unet(backend_, config_, weights_, conditioning_, times_[size_t(step)], xt, mu));
    std::copy(predicted.begin(), predicted.end(), noise.begin());
    if (progress) progress(double(step + 1) / plan_.evaluations());
  };
  const auto fresh = [&](int draw, std::span<double> z) { noise_.fill(draw, region, picture.channels, z); };
  const std::vector<double> sampled =
      sample(plan_, std::vector<double>(picture.data.begin(), picture.data.end()), predict, fresh);

  FloatImage result(tile.width, tile.height, tile.channels);
  const size_t row = size_t(tile.width) * size_t(tile.channels), stride = size_t(shape[2] * shape[3]);
  for (int y = 0; y < tile.height; ++y)
    std::copy_n(sampled.begin() + std::ptrdiff_t(size_t(y) * stride), row, result.row(y));
  return result;
}

}  // namespace daclip
