// Several degradations in one photo, one after the other: rain seen through haze, noise in a dark photo, ...
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "degrade/degrade.h"

namespace daclip {

struct Chain {
  std::vector<DegradeSpec> steps;  // in the order in which they are applied; at least one
};

// "KIND[:param=value,...]+KIND[:param=value,...]+...", as in "low-light+noisy:sigma=15+motion-blurry". Throws
// UsageError naming what is wrong: see parse_degrade_spec; an empty step; more than eight steps.
Chain parse_chain(std::string_view text);

// What parse_chain reads back as the same chain.
std::string to_text(const Chain& chain);

// The kinds as indices into kLabels (core/labels.h), each once, ascending.
std::vector<int> chain_labels(const Chain& chain);

// gt, result: as degrade(). A chain of one step gives what degrade() gives for that seed; step k > 0 has a seed of
// its own derived from it. mask (one channel, gt's size, 1 keeps): the holes of every `uncompleted` step, drawn by
// the seed where it is null. Throws what degrade() throws.
FloatImage degrade(const FloatImage& gt, const Chain& chain, uint64_t seed, Severity severity = Severity::paper,
                   const FloatImage* mask = nullptr);

}  // namespace daclip
