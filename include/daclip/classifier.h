/// @file
/// Recognises what degrades a photo.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daclip/export.h"
#include "daclip/image.h"
#include "daclip/model.h"

namespace daclip {

/// One of a model's labels for a photo.
struct Prediction {
  std::string label;      ///< "noisy"
  float probability = 0;  ///< 0 to 1
};

/// What a model with a damage network says of one kind of damage. A photo may show several kinds, or none.
struct Finding {
  std::string label;      ///< "noisy"; never "clean"
  float probability = 0;  ///< that the photo shows it, 0 to 1, independent of the other kinds
  float severity = 0;     ///< 0: a PSNR of 40 dB to the photo without it, or more; 1: 10 dB or less
};

/// DA-CLIP's outputs for a whole photo.
struct Conditioning {
  std::vector<float> content;        ///< e_c (embedding), not normalised
  std::vector<float> degradation;    ///< e_d (embedding), not normalised
  std::vector<float> probabilities;  ///< one per label, in the order of the model's labels; they sum to 1
};

/// The recognised degradation of a photo.
struct Recognition {
  Conditioning conditioning;            ///< embeddings and probabilities
  std::vector<Prediction> predictions;  ///< every label, most probable first
  std::vector<Finding> findings;        ///< every kind of damage, most probable first; empty without a damage network
  bool unsure = false;                  ///< the highest probability is too low to rely on
};

/// Classifies photos with one model. Use an object in one thread at a time; different objects are independent.
class DACLIP_API Classifier {
 public:
  /// @param model  its weights are shared, not copied
  /// @param threads  CPU threads; 0: one per core
  /// @throws UsageError if the model has no CLIP
  explicit Classifier(const Model& model, int threads = 0);
  ~Classifier();
  Classifier(Classifier&&) noexcept;             ///< moves
  Classifier& operator=(Classifier&&) noexcept;  ///< moves

  /// Classifies a photo of any size. @throws ShapeError for an image with inconsistent fields
  Recognition classify(const Image& photo);

  /// Classifies against these texts instead of the model's labels, in this object only.
  /// @throws UsageError if the model cannot embed text (Model::reads_words())
  void set_labels(const std::vector<std::string>& texts);

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace daclip
