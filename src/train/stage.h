// What the shared training loop (train/trainer.h) needs from a stage, such as clip, controller, damage or restorer.
#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "train/config.h"
#include "train/params.h"

namespace daclip {

class Stage {
 public:
  virtual ~Stage() = default;

  virtual std::string name() const = 0;

  // The configuration as the stage uses it: sizes taken over from the checkpoints it starts from included.
  virtual const TrainConfig& config() const = 0;

  // The sections of the configuration that set what is trained: a resumed run cannot change them.
  virtual std::vector<std::string> trained_sections() const = 0;

  // What is trained. The tensors stay the same for the stage's life.
  virtual NamedParams& params() = 0;

  // The loss of one batch, a pure function of the weights, the configuration and `step`, the batch's number: with
  // optimizer.accumulate an update has several. Parts worth logging go to `parts`.
  virtual torch::Tensor loss(int64_t step, nlohmann::json& parts) = 0;

  // Called after each update, to keep weights in their range.
  virtual void after_update() {}

  // Figures on held-out photos with `params` in place of params(); a one-line summary for people goes to `summary`.
  virtual nlohmann::json validate(const NamedParams& params, std::string& summary) = 0;

  // Frozen tensors and facts that a checkpoint needs beyond params(), so that it stands alone.
  virtual void store(NamedArrays& arrays, nlohmann::json& metadata) const = 0;
};

// Build a stage; they read the packs and the checkpoints that the configuration names. Throw IoError, FormatError,
// WeightsError, UsageError.
std::unique_ptr<Stage> make_clip_stage(const TrainConfig& config);
std::unique_ptr<Stage> make_controller_stage(const TrainConfig& config);
std::unique_ptr<Stage> make_damage_stage(const TrainConfig& config);
std::unique_ptr<Stage> make_diffusion_stage(const TrainConfig& config);
std::unique_ptr<Stage> make_instruction_stage(const TrainConfig& config);
std::unique_ptr<Stage> make_restorer_stage(const TrainConfig& config);

}  // namespace daclip
