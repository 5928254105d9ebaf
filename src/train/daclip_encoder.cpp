#include "train/daclip_encoder.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/labels.h"
#include "nets/clip.h"
#include "pipeline/label_mixture.h"
#include "pipeline/preprocess.h"
#include "train/checkpoint.h"

namespace daclip {

DaclipEncoder::DaclipEncoder(TorchBackend& backend, const std::string& checkpoint) : backend_(backend) {
  const Checkpoint source = read_daclip(checkpoint, "controller");
  clip_ = source.config.clip;
  preprocess_ = source.config.preprocess;
  for (const WeightSpec& spec : daclip_weights(clip_, true, false)) {
    const bool trained = source.arrays.has("ema." + spec.name);
    const NamedArray& array = source.arrays.at((trained ? "ema." : "frozen.") + spec.name);
    if (array.shape != spec.shape)
      throw WeightsError(cat(checkpoint, ": ", spec.name, ": expected shape ", to_string(spec.shape)));
    weights_[spec.name] = backend_.weight(array.to_floats(), spec.shape);
  }
  const NamedArray& labels = source.arrays.at("frozen.labels");
  const std::vector<std::string> names = labels_of(source);
  check_labels(names, checkpoint);
  if (labels.shape != Shape{int64_t(names.size()), clip_.embedding})
    throw WeightsError(cat(checkpoint, ": frozen.labels does not fit the ", names.size(), " labels"));
  label_values_ = labels.to_floats();
  labels_ = TorchBackend::tensor(backend_.weight(label_values_, labels.shape));
  logit_scale_ = std::exp(source.arrays.at("ema.logit_scale").to_floats().at(0));
}

torch::Tensor DaclipEncoder::label_mixture(const torch::Tensor& degradation) const {
  const std::vector<float> values = backend_.to_floats(TorchBackend::wrap(degradation));
  const std::vector<float> mixture = daclip::label_mixture(values, label_values_, float(logit_scale_));
  return TorchBackend::tensor(backend_.weight(mixture, {1, clip_.embedding}));
}

DaclipEncoder::Embeddings DaclipEncoder::label(int label) const {
  if (label < labels_.size(0)) return {{}, labels_.slice(0, label, label + 1)};
  return {{}, torch::zeros({1, clip_.embedding}, labels_.options())};
}

bool DaclipEncoder::has_labels(std::span<const float> values) const {
  return std::ranges::equal(values, label_values_, [](float a, float b) { return std::abs(a - b) < 2e-3f; });
}

DaclipEncoder::Embeddings DaclipEncoder::encode(const FloatImage& rgb) {
  const torch::NoGradGuard no_grad;
  const FloatImage input = clip_input(rgb, preprocess_);
  const Tensor image = backend_.from_floats(input.data, {1, input.height, input.width, 3});
  const ImageFeatures features = encode_image_controlled(backend_, clip_, Scope(weights_), image);
  return {TorchBackend::tensor(features.content).to(torch::kFloat32),
          TorchBackend::tensor(features.degradation).to(torch::kFloat32)};
}

}  // namespace daclip
