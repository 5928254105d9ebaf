// Runs DA-CLIP on a whole photo: content and degradation embeddings, and the probability of each label. A model with a
// damage network takes the probabilities from that.
#pragma once

#include <span>

#include "daclip/classifier.h"
#include "image/image.h"
#include "model/model.h"

namespace daclip {

class Recogniser {
 public:
  // Keeps references to both. Throws UsageError if the model has no CLIP.
  Recogniser(Backend& backend, const LoadedModel& model);

  // Accepts photos of any size and reads large ones in strips. Call it once per photo, not per tile. For plain CLIP
  // without a controller, both embeddings are its image embedding.
  Conditioning analyse(const Image& photo) const;

  // analyse(), with the labels ranked by probability.
  Recognition recognise(const Image& photo) const;

  // CLIP's image embedding without the controller, for a clean photo: (embedding), not normalised.
  std::vector<float> clean_content(const Image& photo) const;

 private:
  std::vector<Finding> find_damage(const Image& photo, std::span<const float> by_controller) const;
  Tensor square(const Image& photo) const;
  Tensor encode_plain(const Image& photo) const;

  Backend& backend_;
  const LoadedModel& model_;
};

}  // namespace daclip
