// Restores a photo: recognises the degradation, restores tile by tile, and blends the tiles.
#pragma once

#include <optional>

#include "daclip/restorer.h"
#include "pipeline/recogniser.h"
#include "pipeline/repair_plan.h"
#include "restoration/restoration_network.h"

namespace daclip {

class RestorePipeline {
 public:
  // Keeps references to both. Throws UsageError if the model has no restoration network.
  RestorePipeline(Backend& backend, const LoadedModel& model);

  // As Restorer::restore() (daclip/restorer.h). Exceptions from `progress` propagate.
  RestoreResult restore(const Image& photo, const RestoreOptions& options = {},
                        const ProgressFraction& progress = {}) const;

  // Throws the errors of restore() that depend only on the options.
  void check(const RestoreOptions& options) const;

  // The largest tile side of the model's own network that fits into `memory_bytes` for a photo of this width.
  int automatic_tile(int width, uint64_t memory_bytes) const { return automatic_tile(network_, width, memory_bytes); }

 private:
  int automatic_tile(const RestorationNetwork& network, int width, uint64_t memory_bytes) const;
  std::string chosen_label(const RestoreOptions& options) const;
  bool recognition_decides(const RestoreOptions& options) const;
  std::vector<float> degradation_context(const Conditioning& conditioning) const;
  std::optional<RepairPlan> plan(const Recognition& recognition, const RestoreOptions& options) const;
  std::optional<UntouchedReason> reason_to_leave(const Image& photo, const RestoreOptions& options,
                                                 const std::string& label) const;
  struct Step;
  std::vector<Step> steps(const Recognition& recognition, const std::optional<RepairPlan>& plan,
                          const RestoreOptions& options, const std::vector<std::string>& kinds) const;
  Image repaired(const Image& photo, const Expert* expert, const Contexts& contexts, const RestoreOptions& options,
                 float strength, RestoreResult& costs, const ProgressFraction& progress) const;
  Image repaired(const Image& photo, const std::vector<Step>& steps, const RestoreOptions& options, float strength,
                 RestoreResult& costs, const ProgressFraction& progress) const;
  void repair_what_is_left(RestoreResult& result, const RestoreOptions& options,
                           const ProgressFraction& progress) const;
  Contexts steering(const Recognition& recognition, const std::optional<RepairPlan>& plan,
                    const RestoreOptions& options) const;
  TileGrid grid(const Image& photo, const RestorationNetwork& network, const RestoreOptions& options) const;

  Backend& backend_;
  const LoadedModel& model_;
  const RestorationNetwork& network_;
  std::optional<Recogniser> recogniser_;
};

}  // namespace daclip
