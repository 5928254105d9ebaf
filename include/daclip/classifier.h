/// @file
/// Recognition: what is wrong with a photo.
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

/// What DA-CLIP makes of a whole photo.
struct Conditioning {
  std::vector<float> content;        ///< e_c (embedding), not normalised
  std::vector<float> degradation;    ///< e_d (embedding), not normalised
  std::vector<float> probabilities;  ///< one for each label of the model, in its order, summing to 1
};

/// What is wrong with a photo.
struct Recognition {
  Conditioning conditioning;            ///< embeddings and probabilities
  std::vector<Prediction> predictions;  ///< every label, most probable first
  bool unsure = false;                  ///< the best label's probability is too low to rely on
};

/// Recognises with one model. An object serves one thread at a time; objects are independent of each other.
class DACLIP_API Classifier {
 public:
  /// @param model  is kept
  /// @param threads  of the CPU; 0: as many as there are cores
  /// @throws UsageError where the model has no CLIP
  explicit Classifier(const Model& model, int threads = 0);
  ~Classifier();
  /// Only moved; what is left can be assigned to or destroyed.
  Classifier(Classifier&&) noexcept;
  /// As the move constructor.
  Classifier& operator=(Classifier&&) noexcept;

  /// Photos of any size. @throws ShapeError for an image whose fields contradict each other
  Recognition classify(const Image& photo);

  /// Replaces the model's labels by texts, for this object only.
  /// @throws UsageError where the model reads no words (Model::reads_words())
  void set_labels(const std::vector<std::string>& texts);

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace daclip
