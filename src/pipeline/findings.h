// From independent findings to one label for a photo, and to the restorer's context.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "daclip/classifier.h"

namespace daclip {

// The probability of these log odds.
inline float sigmoid(float log_odds) { return 1 / (1 + std::exp(-log_odds)); }

// Their probabilities in the order of the labels, whose last is "clean".
std::vector<float> probabilities_of_kinds(std::span<const Finding> findings, std::span<const std::string> labels);

// Probabilities of the kinds, each for itself -> of the labels, the kinds and then "clean", which sum to 1, as if a
// photo showed one kind at most: P(k) is proportional to p_k / (1 - p_k), P(clean) to 1. "clean" comes first if no p_k
// reaches 1/2.
std::vector<float> exclusive_probabilities(std::span<const float> kinds);

// The degradation context of a photo that shows several kinds: the sum of the labels' embeddings (kinds + 1,
// embedding), "clean" last, each kind weighted by its share from 0 to 1, "clean" by the product of what the shares
// leave. For one kind of share 1 it is that label's embedding.
std::vector<float> mixture_context(std::span<const float> kinds, std::span<const float> labels);

// A kind is found if it is more probable than not.
inline constexpr float kFoundFrom = 0.5f;

// The kinds that are found, most probable first.
std::vector<std::string> found_kinds(std::span<const Finding> findings);

// How much damage is left: the sum of the severities, each weighted by its probability.
float remaining_damage(std::span<const Finding> findings);

// Whether the most probable kind is nearly as probable as not.
bool is_unsure(std::span<const Finding> findings);

// The share of a repair that a kind's probability supports: nearly nothing up to kDoubtfulTo, all of it from
// kCertainFrom on. Chosen on Caltech-101 and street photos: of the good ones, some 4 % reach a probability of 0.7 for
// haze, darkness or shadow, whose repairs change the most.
float supported_strength(float probability);

inline constexpr float kGentle = 0.1f, kDoubtfulTo = 0.6f, kCertainFrom = 0.75f;

}  // namespace daclip
