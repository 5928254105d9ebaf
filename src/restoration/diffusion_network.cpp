#include "restoration/diffusion_network.h"

#include <algorithm>

#include "core/error.h"
#include "image/pixels.h"
#include "sde/noise.h"

namespace daclip {
namespace {

// The sampler's state, picture, predicted noise, fresh noise and previous estimate, with three colours each.
constexpr double kSamplerValues = 5 * 3;

constexpr double kMiddleOfTraining = 50;  // of T = 100; any time has the same cost

SamplingPlan plan_of(const SdeConfig& sde, const SamplerOptions& options) {
  const SamplerKind kind = options.sampler.empty() ? kDefaultSampler : sampler_by_name(options.sampler);
  return SamplingPlan(sde, kind, options.steps);
}

std::vector<double> network_times(const SamplingPlan& plan) {
  std::vector<double> times;
  for (int step = 0; step < plan.evaluations(); ++step) times.push_back(plan.network_time(step));
  return times;
}

// A single reflection can at most double a side. Sides up to half of the network's multiple are therefore extended to
// it here; the network pads longer sides itself.
FloatImage large_enough(const FloatImage& tile, int multiple) {
  const auto side = [multiple](int length) { return 2 * length > multiple ? length : multiple; };
  return continued(tile, side(tile.width), side(tile.height));
}

class DiffusionSession : public TileSession {
 public:
  DiffusionSession(const DiffusionNetwork& network, Backend& backend, const Scope& weights, const Contexts& contexts,
                   const SamplerOptions& options)
      : backend_(backend), multiple_(network.multiple()), plan_(plan_of(network.sde(), options)),
        noise_(options.seed.value_or(0)),
        prediction_(network.prediction(backend, weights, contexts, network_times(plan_))) {}

  int evaluations() const override { return plan_.evaluations(); }

  FloatImage restore(const FloatImage& tile, int left, int top, const ProgressFraction& progress) override {
    const FloatImage picture = large_enough(tile, multiple_);
    const Region region{left, top, picture.width, picture.height};
    const Shape shape = {1, picture.height, picture.width, picture.channels};
    const Tensor mu = backend_.from_floats(picture.data, shape);
    std::vector<float> state(picture.data.size());
    const auto predict = [&](int step, std::span<const double> x, std::span<double> noise) {
      std::copy(x.begin(), x.end(), state.begin());
      const std::vector<float> predicted =
          backend_.to_floats(prediction_->predict(step, backend_.from_floats(state, shape), mu));
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

 private:
  Backend& backend_;
  int multiple_;
  SamplingPlan plan_;
  NoiseField noise_;
  std::unique_ptr<NoisePrediction> prediction_;
};

}  // namespace

void DiffusionNetwork::visit(ConfigVisitor& visitor) {
  visitor.section("sde", [&] { daclip::visit(visitor, sde_); });
}

double DiffusionNetwork::bytes_per_pixel(size_t element_size) const {
  return values_per_pixel() * double(element_size) + kSamplerValues * sizeof(double);
}

void DiffusionNetwork::check_sampling(const SamplerOptions& options) const { plan_of(sde_, options); }

std::string DiffusionNetwork::describe_sampling(const SamplerOptions& options) const {
  const std::string name = options.sampler.empty() ? std::string(sampler_name(kDefaultSampler)) : options.sampler;
  return cat(name, ", ", plan_of(sde_, options).evaluations(), " evaluations, seed ", options.seed.value_or(0));
}

int DiffusionNetwork::default_evaluations() const { return plan_of(sde_, {}).evaluations(); }

Tensor DiffusionNetwork::evaluate(Backend& backend, const Scope& weights, const Tensor& picture,
                                  const Contexts& contexts) const {
  const double times[] = {kMiddleOfTraining};
  return prediction(backend, weights, contexts, times)->predict(0, picture, picture);
}

std::unique_ptr<TileSession> DiffusionNetwork::session(Backend& backend, const Scope& weights, const Contexts& contexts,
                                                       const SamplerOptions& options) const {
  return std::make_unique<DiffusionSession>(*this, backend, weights, contexts, options);
}

const DiffusionNetwork& as_diffusion(const RestorationNetwork& network) {
  if (const auto* diffusion = dynamic_cast<const DiffusionNetwork*>(&network)) return *diffusion;
  throw UsageError(cat("restorer.network ", network.type().name, ": predicts no noise; expected unet"));
}

}  // namespace daclip
