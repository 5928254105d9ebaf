// Degraded training photos. Every sample is a pure function of (seed, serial, slot), so that a resumed run meets the
// samples that an uninterrupted one would have met.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/labels.h"
#include "core/random.h"
#include "data/augmentation.h"
#include "data/damage_severity.h"
#include "data/pack.h"
#include "data/sampler_config.h"

namespace daclip {

struct Sample {
  int label = kClean;         // the first kind that was drawn
  DamageSeverity severity{};  // of every kind in `lq`
  size_t photo = 0;           // index into the photos given
  FloatImage gt, lq;          // same size, RGB; lq rounded to 8 bit as a file would be
};

class Sampler {
 public:
  // `photos` must outlive the sampler. Throws UsageError for an invalid configuration, or where no photo is clean.
  Sampler(const std::vector<PackPhoto>& photos, const SamplerConfig& config);

  // The sample numbered `serial` of slot `slot`. Needs no state, may be called from any thread.
  Sample make(int slot, int64_t serial) const;

  // Which sample a slot holds at a step.
  int64_t serial(int64_t step, int slot) const { return (step + slot) / config_.hold; }

  // A label, as often as its weight says.
  int pick_label(Random& random) const;

  const SamplerConfig& config() const { return config_; }

 private:
  enum class Source {
    clean,  // a clean photo, to be degraded
    pair,   // a real pair
    found,  // a photo found damaged, to be shown as it is
  };

  Source pick_photo(Sample& sample, uint64_t seed, Random& random) const;
  void make_scene(Sample& sample, Random& random) const;
  std::optional<Tone> draw_monochrome(uint64_t seed) const;
  void damage(Sample& sample, Source source, uint64_t seed, Random& random) const;
  void add_kind(Sample& sample, int label, uint64_t seed, Random& random) const;

  const std::vector<PackPhoto>& photos_;
  SamplerConfig config_;
  std::vector<size_t> clean_;                                       // indices into photos_
  std::array<std::vector<size_t>, kLabels.size()> found_, paired_;  // the same, for each label
  std::vector<size_t> kinds_with_pairs_;                            // labels whose paired_ is not empty
};

}  // namespace daclip
