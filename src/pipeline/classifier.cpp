#include "pipeline/classifier.h"

#include <algorithm>

#include "core/error.h"
#include "pipeline/label_mixture.h"
#include "pipeline/preprocess.h"

namespace daclip {

Classifier::Classifier(Backend& backend, const Model& model) : backend_(backend), model_(model) {
  if (!model.config.clip)
    throw UsageError(cat("model ", model.config.name, " restores only: it has no CLIP to recognise with"));
}

Tensor Classifier::square(const Image& image) const {
  const FloatImage pixels = clip_input(image, model_.config.preprocess);
  return backend_.from_floats(pixels.data, {1, pixels.height, pixels.width, 3});
}

Tensor Classifier::encode_plain(const Image& image) const {
  const ClipConfig& clip = *model_.config.clip;
  return encode_image(backend_, clip.vision, clip.quick_gelu, Scope(model_.weights, "daclip.clip.visual."),
                      square(image));
}

Conditioning Classifier::analyse(const Image& image) const {
  Conditioning result;
  if (model_.config.controller) {
    const ImageFeatures features =
        encode_image_controlled(backend_, *model_.config.clip, Scope(model_.weights, "daclip."), square(image));
    result.content = backend_.to_floats(features.content);
    result.degradation = backend_.to_floats(features.degradation);
  } else {
    result.content = result.degradation = backend_.to_floats(encode_plain(image));
  }
  result.probabilities =
      label_probabilities(result.degradation, model_.labels, model_.config.logit_scale, model_.config.label_bias);
  return result;
}

std::vector<float> Classifier::clean_content(const Image& image) const {
  return backend_.to_floats(encode_plain(image));
}

std::vector<Prediction> Classifier::top(const Conditioning& conditioning, int k) const {
  std::vector<Prediction> all;
  for (size_t i = 0; i < conditioning.probabilities.size(); ++i)
    all.push_back({model_.config.labels[i], conditioning.probabilities[i]});
  std::stable_sort(all.begin(), all.end(),
                   [](const Prediction& a, const Prediction& b) { return a.probability > b.probability; });
  if (k > 0 && size_t(k) < all.size()) all.resize(size_t(k));
  return all;
}

}  // namespace daclip
