// A trained DA-CLIP, frozen, as a source of contexts for a restorer under training.
#pragma once

#include <string>

#include "image/float_image.h"
#include "model/model_config.h"
#include "torch/torch_backend.h"
#include "train/params.h"

namespace daclip {

class DaclipEncoder {
 public:
  // `checkpoint`: of the controller stage, whose EMA weights are used, or a model file. Throws IoError, FormatError,
  // WeightsError, UsageError.
  DaclipEncoder(TorchBackend& backend, const std::string& checkpoint);

  struct Embeddings {
    torch::Tensor content, degradation;  // (1,E), not normalised, without gradients
  };
  // rgb: a whole photo, any size. One photo at a time, so that the result does not depend on its neighbours.
  Embeddings encode(const FloatImage& rgb);

  // A degradation embedding (1,E) -> the pipeline's label_mixture() of it (1,E).
  torch::Tensor label_mixture(const torch::Tensor& degradation) const;

  // The embedding of one label; zeros for "clean" where this DA-CLIP does not know it.
  Embeddings label(int label) const;

  // Whether these are its labels' embeddings, up to the rounding of a model file.
  bool has_labels(std::span<const float> values) const;

  int embedding() const { return clip_.embedding; }
  const torch::Tensor& labels() const { return labels_; }  // (10 or 11,E), unit length, in the order of core/labels.h

 private:
  TorchBackend& backend_;
  ClipConfig clip_;
  PreprocessConfig preprocess_;
  Weights weights_;
  torch::Tensor labels_;
  std::vector<float> label_values_;  // the same on the processor
  double logit_scale_;
};

}  // namespace daclip
