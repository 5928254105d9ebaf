/// @file
/// Models, which recognise degradations and restore photos.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daclip/error.h"
#include "daclip/export.h"

namespace daclip {

/// Number format of activations. Sums are always accumulated in float32.
enum class Precision {
  automatic,  ///< bf16 if the device has instructions for it, else f32
  f32,        ///< 32 bit
  bf16,       ///< 16 bit: faster, needs AVX512-BF16 or AMX on a CPU
};

/// Device and precision of a model.
struct ModelOptions {
  std::string device = "cpu";                  ///< "cpu", or "cuda" if LibTorch's backend is installed
  Precision precision = Precision::automatic;  ///< of activations
  bool text_tower = false;  ///< load the text tower, for Restorer::embed_text() and Classifier::set_labels()
};

struct ModelState;

/// A loaded model. Copies are cheap and share the weights. All members are safe to call from several threads at once.
/// Each thread needs its own Restorer or Classifier.
class DACLIP_API Model {
 public:
  /// Loads a model file or a table of experts. `model` is a file, a folder holding model.safetensors or experts.toml,
  /// or the name of such a folder in $DACLIP_MODELS (folders separated by colons), in models/ beside the program or in
  /// a folder above it, in share/daclip/models of the installation, and in models/ of the working folder.
  /// @throws IoError listing the folders that were searched; FormatError or WeightsError for a file that is not a valid
  ///         model; DeviceError for a device or precision that is not available
  static Model load(const std::string& model, const ModelOptions& options = {});

  /// Loads a model from a model file's bytes and keeps them for the model's lifetime. Error messages use `name`.
  static Model from_bytes(std::vector<uint8_t> bytes, const ModelOptions& options = {},
                          const std::string& name = "model");

  const std::string& name() const;  ///< "compact"
  const std::vector<std::string>& labels()
      const;                   ///< degradations that it distinguishes, including "clean" if it was trained with it
  bool recognises() const;     ///< whether it has a CLIP, which recognises the degradation
  bool finds_several() const;  ///< whether it has a damage network, which fills Recognition::findings
  bool restores() const;       ///< whether it has a restoration network
  bool reads_words() const;    ///< whether it can embed text (ModelOptions::text_tower)
  bool understands_instructions() const;  ///< whether it has an instruction network, for Restorer::understand()
  bool takes_content() const;             ///< whether its network is conditioned on the content embedding
  bool takes_degradation() const;         ///< whether its network is conditioned on the degradation embedding
  Precision precision() const;            ///< f32 or bf16
  const std::string& device() const;      ///< "cpu" or "cuda"

  /// Implementation detail.
  const std::shared_ptr<const ModelState>& state() const { return state_; }

 private:
  explicit Model(std::shared_ptr<const ModelState> state) : state_(std::move(state)) {}

  std::shared_ptr<const ModelState> state_;
};

}  // namespace daclip
