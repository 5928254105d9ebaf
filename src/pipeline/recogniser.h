// What DA-CLIP makes of a whole photo: content, degradation, and the probability of each label.
#pragma once

#include "daclip/classifier.h"
#include "image/image.h"
#include "model/model.h"

namespace daclip {

class Recogniser {
 public:
  // Both are kept by reference. Throws UsageError where the model has no CLIP.
  Recogniser(Backend& backend, const LoadedModel& model);

  // Photos of any size; large ones are read in strips. Computed once for a photo, never for each tile. Plain CLIP
  // without a controller gives its image embedding as both embeddings.
  Conditioning analyse(const Image& photo) const;

  // The same with the labels ranked.
  Recognition recognise(const Image& photo) const;

  // What CLIP, without the controller's corrections, sees in a photo that needs none: (embedding), not normalised.
  std::vector<float> clean_content(const Image& photo) const;

 private:
  Tensor square(const Image& photo) const;
  Tensor encode_plain(const Image& photo) const;

  Backend& backend_;
  const LoadedModel& model_;
};

}  // namespace daclip
