#include "pipeline/recogniser.h"

#include <algorithm>

#include "core/error.h"
#include "pipeline/confidence.h"
#include "pipeline/label_mixture.h"
#include "pipeline/preprocess.h"

namespace daclip {
namespace {

std::vector<Prediction> ranked(const std::vector<std::string>& labels, const std::vector<float>& probabilities) {
  std::vector<Prediction> all;
  for (size_t i = 0; i < probabilities.size(); ++i) all.push_back({labels[i], probabilities[i]});
  std::stable_sort(all.begin(), all.end(),
                   [](const Prediction& a, const Prediction& b) { return a.probability > b.probability; });
  return all;
}

}  // namespace

Recogniser::Recogniser(Backend& backend, const LoadedModel& model) : backend_(backend), model_(model) {
  if (!model.config.clip)
    throw UsageError(cat("model ", model.config.name, " restores only: it has no CLIP to recognise degradations"));
}

Tensor Recogniser::square(const Image& photo) const {
  const FloatImage pixels = clip_input(photo, model_.config.preprocess);
  return backend_.from_floats(pixels.data, {1, pixels.height, pixels.width, 3});
}

Tensor Recogniser::encode_plain(const Image& photo) const {
  const ClipConfig& clip = *model_.config.clip;
  return encode_image(backend_, clip.vision, clip.quick_gelu, Scope(model_.weights, "daclip.clip.visual."),
                      square(photo));
}

Conditioning Recogniser::analyse(const Image& photo) const {
  Conditioning result;
  if (model_.config.controller) {
    const ImageFeatures features =
        encode_image_controlled(backend_, *model_.config.clip, Scope(model_.weights, "daclip."), square(photo));
    result.content = backend_.to_floats(features.content);
    result.degradation = backend_.to_floats(features.degradation);
  } else {
    result.content = result.degradation = backend_.to_floats(encode_plain(photo));
  }
  result.probabilities = label_probabilities(result.degradation, model_.label_embeddings, model_.config.logit_scale,
                                             model_.config.label_bias);
  return result;
}

Recognition Recogniser::recognise(const Image& photo) const {
  Recognition result;
  result.conditioning = analyse(photo);
  result.predictions = ranked(model_.config.labels, result.conditioning.probabilities);
  result.unsure = is_unsure(result.predictions.front().probability);
  return result;
}

std::vector<float> Recogniser::clean_content(const Image& photo) const {
  return backend_.to_floats(encode_plain(photo));
}

}  // namespace daclip
