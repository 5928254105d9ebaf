// The random streams of a training run by name, so that no two of them share a seed.
#pragma once

#include <cstdint>

#include "core/random.h"

namespace daclip {

enum class Stream : uint64_t {
  sample,     // choosing, framing and degrading a photo; its "step" is the sample's serial number
  crop,       // the part of a sample that a batch shows
  caption,    // which caption goes with a photo
  contexts,   // what a batch's restorer is steered by
  diffusion,  // the time and noise of an image
};

inline constexpr Stream kStreams[] = {Stream::sample, Stream::crop, Stream::caption, Stream::contexts,
                                      Stream::diffusion};

// The seed of one stream at one step. Distinct for all streams and slots of a step, since mix_seed() is a bijection of
// its second argument; slots lie below 2^32.
inline uint64_t stream_seed(uint64_t seed, int64_t step, Stream stream, int64_t slot = 0) {
  return mix_seed(mix_seed(seed, uint64_t(step)), (uint64_t(stream) << 32) + uint64_t(slot) + 1);
}

}  // namespace daclip
