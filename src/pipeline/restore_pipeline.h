// A photo through a model: recognised, cut into tiles, restored, put together.
#pragma once

#include <optional>

#include "daclip/restorer.h"
#include "pipeline/recogniser.h"
#include "restoration/restoration_network.h"

namespace daclip {

class RestorePipeline {
 public:
  // Both are kept by reference. Throws UsageError where the model has no restoration network.
  RestorePipeline(Backend& backend, const LoadedModel& model);

  // As Restorer::restore() (daclip/restorer.h). What `progress` throws passes through.
  RestoreResult restore(const Image& photo, const RestoreOptions& options = {},
                        const ProgressFraction& progress = {}) const;

  // Throws what restore() would throw for these options, whatever the photo.
  void check(const RestoreOptions& options) const;

  // Largest tile side for a photo of this width that keeps to `memory_bytes`.
  int automatic_tile(int width, uint64_t memory_bytes) const;

 private:
  std::string chosen_label(const RestoreOptions& options) const;
  bool recognition_decides(const RestoreOptions& options) const;
  Contexts contexts_for(const Conditioning& conditioning) const;
  Contexts steering(const Conditioning& conditioning, const RestoreOptions& options) const;
  TileGrid grid(const Image& photo, const RestoreOptions& options) const;
  int alignment() const;

  Backend& backend_;
  const LoadedModel& model_;
  const RestorationNetwork& network_;
  std::optional<Recogniser> recogniser_;
};

}  // namespace daclip
