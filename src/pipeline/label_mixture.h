// A degradation embedding compared with the labels' embeddings.
#pragma once

#include <span>
#include <vector>

namespace daclip {

// softmax(logit_scale * cosine(degradation, label) + bias); `labels` holds rows of unit length, `bias` one value a row
// or nothing.
std::vector<float> label_probabilities(std::span<const float> degradation, std::span<const float> labels,
                                       float logit_scale, std::span<const float> bias = {});

// The labels' embeddings, weighted by those probabilities: (embedding). An embedding of length 0 stays what it is.
std::vector<float> label_mixture(std::span<const float> degradation, std::span<const float> labels, float logit_scale,
                                 std::span<const float> bias = {});

}  // namespace daclip
