// Degraded training photos, prepared ahead by threads. Every sample is a pure function of (seed, step, slot), so that a
// resumed run sees what an uninterrupted one would have seen.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/labels.h"
#include "core/random.h"
#include "data/pack.h"

namespace daclip {

struct SamplerConfig {
  uint64_t seed = 1;
  int slots = 8;       // samples in a batch
  int hold = 4;        // steps for which a slot keeps its photo, to share the cost of degrading; slots are staggered
  int min_side = 128;  // photos with a shorter side are enlarged to it
  int region = 0;      // larger photos are cut to a random region of this side before degrading; 0 keeps them whole
  double rescale_min = 0.5, rescale_max = 1;  // half of the photos are resized by a factor drawn from here
  std::array<double, kLabels.size()>
      paper_share;            // of each label's samples at Severity::paper, the others at ::training
  double paired_share = 0.3;  // of a kind's samples taken from real pairs, where the pack has any
  double stored_share =
      0;  // of samples that were resized or compressed once more after the damage, as most photos found
          // in the world were
  double grade_share = 0;  // of clean photos whose colours are changed before the damage: contrast, saturation, white
                           // balance, as cameras and weather differ
  double found_share =
      0;  // of a kind's samples that are photos found damaged, as they are: for recognition, which needs no
          // truth. A kind with n such photos has n / (n + 20) of it, so that few are not learned by heart
  double surface_share =
      0;  // of good and shadowed samples cut close to the plainest of several places, or made up as ground
          // (scenes.h): shadows are photographed on floors and walls
  double focus_share = 0;  // of clean photos that get a shallow depth of field before the damage
  double wet_share = 0;    // of rainy samples whose scene is a rainy day's (scenes.h), not only seen through rain
  std::array<double, kLabels.size()> weights;  // relative frequency of each label

  SamplerConfig() {
    paper_share.fill(0.5);
    weights.fill(1);
  }
};

struct Sample {
  int label = kClean;
  size_t photo = 0;   // index into the photos given
  FloatImage gt, lq;  // same size, RGB; lq rounded to 8 bit as a file would be
};

class Sampler {
 public:
  // `photos` must outlive the sampler. Throws UsageError for settings without sense, or where no clean photo is there.
  Sampler(const std::vector<PackPhoto>& photos, const SamplerConfig& config);

  // The sample numbered `serial` of slot `slot`. Pure: needs no state, may be called from any thread.
  Sample make(int slot, int64_t serial) const;

  // Which sample a slot holds at a step.
  int64_t serial(int64_t step, int slot) const { return (step + slot) / config_.hold; }

  // A label, as often as its weight says.
  int pick_label(Random& random) const;

  const SamplerConfig& config() const { return config_; }
  const PackPhoto& photo(size_t index) const { return photos_[index]; }

 private:
  void set_scene(Sample& sample, Random& random) const;

  const std::vector<PackPhoto>& photos_;
  SamplerConfig config_;
  std::vector<size_t> clean_;                               // indices of clean photos
  std::array<std::vector<size_t>, kLabels.size()> found_;   // of photos found damaged, per label
  std::array<std::vector<size_t>, kLabels.size()> paired_;  // indices of real pairs per label
};

// Runs Sampler::make ahead of the steps. What it returns does not depend on the threads' timing.
class SampleStream {
 public:
  // Keeps the samples of at most `lookahead` steps beyond the one asked for.
  SampleStream(const Sampler& sampler, int threads, int lookahead = 4);
  ~SampleStream();
  SampleStream(const SampleStream&) = delete;
  SampleStream& operator=(const SampleStream&) = delete;

  // Waits for the sample of a slot at a step; steps must not decrease. Passes on what make() threw.
  std::shared_ptr<const Sample> get(int64_t step, int slot);

 private:
  using Result = std::shared_ptr<const Sample>;
  using Key = std::pair<int, int64_t>;  // slot, serial

  void advance(int64_t step);
  void work();

  const Sampler& sampler_;
  int lookahead_;
  int64_t step_ = -1, planned_ = -1;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool stop_ = false;
  std::deque<std::packaged_task<Result()>> queue_;
  std::map<Key, std::shared_future<Result>> results_;
  std::vector<std::thread> workers_;
};

// --- Cutting and turning ----------------------------------------------------------------------------------------------

struct CropPlan {
  int x = 0, y = 0, width = 0, height = 0;
  int turn =
      0;  // 0-7: bit 0 mirrors left to right, bit 1 top to bottom, bit 2 swaps rows and columns (square crops only)
};

// A random square of `size` within width x height, in one of eight orientations.
CropPlan random_square(int width, int height, int size, Random& random);

// A random rectangle with an area of `share_min`-1 of the photo, placed at multiples of 8 so that JPEG's blocks keep their
// phase, not turned.
CropPlan random_region(int width, int height, double share_min, Random& random);

FloatImage crop(const FloatImage& image, const CropPlan& plan);

// As crop, writing (height, width, channels) floats to `out`.
void crop_into(const FloatImage& image, const CropPlan& plan, float* out);

}  // namespace daclip
