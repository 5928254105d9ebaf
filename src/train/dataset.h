// The photos of a run: packs read, and a holdout set aside for validation.
#pragma once

#include <vector>

#include "data/crop.h"
#include "data/pack.h"
#include "data/sampler.h"
#include "train/config.h"

namespace daclip {

struct Dataset {
  std::vector<PackPhoto> train;
  std::vector<PackPhoto> holdout;  // clean photos, the same in every stage: chosen by a hash of the file's name
};

// Throws UsageError where no pack is named.
Dataset load_dataset(const TrainConfig& config);

// Held-out photo `index` degraded at Severity::paper with seed `index`, whole.
Sample validation_sample(const Dataset& data, size_t index, int label);

// The middle of an image, at most size x size.
FloatImage centre(const FloatImage& image, int size);

}  // namespace daclip
