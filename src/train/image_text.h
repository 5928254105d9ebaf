// What the two stages that train on images and their captions share: a batch of inputs cut from the slots' photos.
#pragma once

#include "data/crop.h"
#include "data/sample_stream.h"
#include "nets/clip.h"
#include "text/word_tokenizer.h"
#include "torch/torch_backend.h"
#include "train/checkpoint.h"
#include "train/config.h"
#include "train/params.h"

namespace daclip {

struct ImageBatch {
  std::vector<std::shared_ptr<const Sample>> samples;
  std::vector<float> pixels;   // (N,S,S,3) as clip_input gives them, of a random region of each degraded photo
  std::vector<CropPlan> cuts;  // the regions
};

// The batch of a step: the same whatever ran before.
ImageBatch image_batch(const TrainConfig& config, SampleStream& stream, int64_t step);

// Its pixels as the towers take them.
Tensor images_of(TorchBackend& backend, const TrainConfig& config, const ImageBatch& batch);

// A text's token ids.
using Tokenize = std::function<std::vector<int64_t>(std::string_view text)>;

// Of a CLIP's own vocabulary: whole words or byte pairs; empty if its file has none. Throws WeightsError for one that
// does not fit the text tower.
Tokenize tokenizer_of(const Checkpoint& clip, const TextConfig& text);

// (count, E), not normalised.
torch::Tensor encode_texts(TorchBackend& backend, const ClipConfig& clip, const Weights& weights,
                           const Tokenize& tokenize, std::span<const std::string> texts);

// Rows to unit length.
torch::Tensor unit(const torch::Tensor& rows);

// An equal number for equal texts.
std::vector<int64_t> text_ids(std::span<const std::string> texts);

// "a motion-blurry photo", ... for the eleven labels; with `bare` the labels themselves.
std::vector<std::string> label_texts(bool bare = false);

// The options that a configuration gives LibTorch.
TorchOptions torch_options(const TrainConfig& config);

}  // namespace daclip
