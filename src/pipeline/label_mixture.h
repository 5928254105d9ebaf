// Compares a degradation embedding with the labels' embeddings.
#pragma once

#include <span>
#include <vector>

namespace daclip {

// softmax(logit_scale * cosine(degradation, label) + bias). `labels` (rows, embedding) holds rows of unit length,
// `bias` one value per row, or none.
std::vector<float> label_probabilities(std::span<const float> degradation, std::span<const float> labels,
                                       float logit_scale, std::span<const float> bias = {});

// The mean of the labels' embeddings, weighted by those probabilities: (embedding). A zero embedding stays zero.
std::vector<float> label_mixture(std::span<const float> degradation, std::span<const float> labels, float logit_scale,
                                 std::span<const float> bias = {});

}  // namespace daclip
