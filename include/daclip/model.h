/// @file
/// Model files: what recognises damage and restores photos.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daclip/error.h"
#include "daclip/export.h"

namespace daclip {

/// Number format of activations. Sums are always float32.
enum class Precision {
  automatic,  ///< bf16 where the processor has instructions for it, else f32
  f32,        ///< 32 bit
  bf16,       ///< 16 bit: faster, needs AVX512-BF16 or AMX on a CPU
};

/// How a model is run.
struct ModelOptions {
  std::string device = "cpu";                  ///< "cpu", or "cuda" where LibTorch's backend is installed
  Precision precision = Precision::automatic;  ///< of activations
  bool text_tower = false;                     ///< load what Restorer::embed_text() and Classifier need for words
};

struct ModelState;

/// A model, ready to be run. Copies are cheap and share the weights. All members may be called from several threads at
/// once; each thread restores with a Restorer or classifies with a Classifier of its own.
class DACLIP_API Model {
 public:
  /// Loads a model file. `model` is a file, a folder holding model.safetensors, or a name that is looked up as
  /// NAME/model.safetensors in $DACLIP_MODELS (folders separated by colons), in models/ beside the program or in a
  /// folder above it, in share/daclip/models of the installation, and in models/ of the working folder.
  /// @throws IoError listing where it was looked for; FormatError, WeightsError for a file that is no sound model;
  ///         DeviceError for a device or precision that this machine lacks
  static Model load(const std::string& model, const ModelOptions& options = {});

  /// The same from a model file's bytes, which are kept for the model's life. `name` names them in errors.
  static Model from_bytes(std::vector<uint8_t> bytes, const ModelOptions& options = {},
                          const std::string& name = "model");

  const std::string& name() const;                 ///< "compact"
  const std::vector<std::string>& labels() const;  ///< kinds of damage that it names, "clean" among them if it knows it
  bool recognises() const;                         ///< whether it has a CLIP, which names the damage and steers
  bool restores() const;                           ///< whether it has a restoration network
  bool reads_words() const;           ///< whether text can take the place of labels (ModelOptions::text_tower)
  bool takes_content() const;         ///< whether the content embedding steers its network
  bool takes_degradation() const;     ///< whether the degradation embedding steers its network
  Precision precision() const;        ///< f32 or bf16
  const std::string& device() const;  ///< "cpu" or "cuda"

  /// Implementation detail.
  const std::shared_ptr<const ModelState>& state() const { return state_; }

 private:
  explicit Model(std::shared_ptr<const ModelState> state) : state_(std::move(state)) {}

  std::shared_ptr<const ModelState> state_;
};

}  // namespace daclip
