// What DA-CLIP makes of a whole photo: content, degradation, and the probability of each label.
#pragma once

#include "image/image.h"
#include "pipeline/model.h"

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
  // Both are kept by reference.
  Classifier(Backend& backend, const Model& model) : backend_(backend), model_(model) {}

  // Photos of any size; large ones are read in strips.
  Conditioning analyse(const Image& image) const;

  // The k most probable labels, best first; all of them where k is 0 or too large.
  std::vector<Prediction> top(const Conditioning& conditioning, int k) const;

 private:
  Backend& backend_;
  const Model& model_;
};

// softmax(logit_scale * cosine(degradation, label)); `labels` holds rows of unit length.
std::vector<float> label_probabilities(std::span<const float> degradation, std::span<const float> labels,
                                       float logit_scale);

}  // namespace daclip
