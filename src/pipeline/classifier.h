// What DA-CLIP makes of a whole photo: content, degradation, and the probability of each label.
#pragma once

#include "image/image.h"
#include "model/model.h"

namespace daclip {

// Computed once for a photo, never per tile.
struct Conditioning {
  std::vector<float> content;        // e_c (embedding), not normalised
  std::vector<float> degradation;    // e_d (embedding), not normalised
  std::vector<float> probabilities;  // one per label of the model, summing to 1
};

struct Prediction {
  std::string label;
  float probability = 0;
};

class Classifier {
 public:
  // Both are kept by reference. Throws UsageError where the model has no CLIP.
  Classifier(Backend& backend, const Model& model);

  // Photos of any size; large ones are read in strips. Plain CLIP without a controller gives its image embedding as
  // both embeddings.
  Conditioning analyse(const Image& image) const;

  // What CLIP itself, without the controller's corrections, sees in a photo that needs none: (embedding), not
  // normalised.
  std::vector<float> clean_content(const Image& image) const;

  // The k most probable labels, best first; all of them where k is 0 or too large.
  std::vector<Prediction> top(const Conditioning& conditioning, int k) const;

 private:
  Tensor square(const Image& image) const;
  Tensor encode_plain(const Image& image) const;

  Backend& backend_;
  const Model& model_;
};

}  // namespace daclip
