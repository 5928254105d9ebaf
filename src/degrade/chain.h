// Several degradations of one photo in sequence, such as rain seen through haze or noise in a dark photo.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "degrade/degrade.h"

namespace daclip {

struct Chain {
  std::vector<DegradeSpec> steps;  // in order of application; at least one
};

// "KIND[:param=value,...]+KIND[:param=value,...]+...", for example "low-light+noisy:sigma=15+motion-blurry". Throws
// UsageError as parse_degrade_spec does, and for an empty step or more than eight steps.
Chain parse_chain(std::string_view text);

// The text that parse_chain reads back as the same chain.
std::string to_text(const Chain& chain);

// The kinds as indices into kLabels (core/labels.h), each once, in ascending order.
std::vector<int> chain_labels(const Chain& chain);

// gt and result are as for degrade(). A chain of one step gives the result of degrade() with the same seed; step k > 0
// uses a seed derived from it. mask (one channel, gt's size, 1 keeps, 0 is a hole) is used by every `uncompleted` step;
// if null, the seed draws it. Throws what degrade() throws.
FloatImage degrade(const FloatImage& gt, const Chain& chain, uint64_t seed, Severity severity = Severity::paper,
                   const FloatImage* mask = nullptr);

}  // namespace daclip
