// What the stages that train restoration networks share: crops of photo pairs, the frozen DA-CLIP's contexts for them,
// held-out photos, and the weights to start from.
#pragma once

#include <array>
#include <functional>
#include <nlohmann/json.hpp>

#include "data/sample_stream.h"
#include "restoration/contexts.h"
#include "train/ahead.h"
#include "train/daclip_encoder.h"
#include "train/dataset.h"

namespace daclip {

// The configuration for a run: a blind network has no parts for contexts, whatever their sizes in the file.
TrainConfig with_contexts(TrainConfig config);

class RestorationData {
 public:
  // Reads the packs and the DA-CLIP. config is that of with_contexts(); it and the backend must outlive this object.
  // Throws UsageError for sizes that do not fit the network, and the readers' errors.
  RestorationData(const TrainConfig& config, TorchBackend& backend);

  struct Batch {
    std::vector<std::shared_ptr<const Sample>> samples;
    std::vector<float> lq, gt;  // (N,S,S,3)
    Shape shape;
  };
  // The batch of a step: the same whatever ran before.
  Batch batch(int64_t step) { return crops_.get(step); }

  // Drawn for the whole batch: the labels' own embeddings, the frozen DA-CLIP's of the degraded photos, or nothing.
  Contexts contexts(int64_t step, const Batch& batch);

  struct Held {
    int label;
    torch::Tensor lq, gt;  // (1,H,W,3)
    Contexts contexts;
  };
  using Restore = std::function<torch::Tensor(const Held& held)>;  // -> (1,H,W,3), not clamped
  using Distance = std::function<double(const torch::Tensor& restored, const torch::Tensor& gt)>;

  // PSNR per label before and after `restore` on the held-out photos, and the mean `distance` where one is given.
  nlohmann::json validate(const Restore& restore, std::string& summary, const Distance& distance = {}) const;

  bool steered() const { return bool(encoder_); }

  // Random weights, then those of init.restorer. Writes a line that says what was loaded; throws WeightsError if
  // nothing was.
  NamedParams starting_params() const;

 private:
  struct SlotContext {
    int64_t serial = -1;
    DaclipEncoder::Embeddings embeddings;
  };

  Batch make_batch(int64_t step);
  const DaclipEncoder::Embeddings& slot_context(int64_t step, int slot, const Sample& sample);
  DaclipEncoder::Embeddings encode(const FloatImage& lq);
  Tensor as_activation(const torch::Tensor& x) const;
  Tensor label_contexts(const std::vector<std::shared_ptr<const Sample>>& samples, Random& random) const;
  void continue_from(NamedParams& params) const;
  void translate_labels(NamedParams& params, const NamedArray& labels) const;
  torch::Tensor to_tensor(const FloatImage& image) const;
  void prepare_validation();

  const TrainConfig& config_;
  TorchBackend& backend_;
  Dataset data_;
  Sampler sampler_;
  SampleStream stream_;
  Ahead<Batch> crops_{[this](int64_t step) { return make_batch(step); }};
  std::unique_ptr<DaclipEncoder> encoder_;
  std::vector<SlotContext> contexts_;
  std::vector<Held> validation_;
};

// The picture of one image, (1,H,W,3).
FloatImage to_image(const torch::Tensor& picture);

}  // namespace daclip
