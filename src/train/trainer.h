// The training loop that all stages share.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "train/stage.h"

namespace daclip {

struct TrainerOptions {
  bool resume = false;     // go on from out/latest.safetensors; an error where there is none
  int64_t stop_after = 0;  // stop (with a checkpoint) once this many steps are done; 0: at config.run.steps
  bool progress = true;    // lines on stderr
  const std::atomic<bool>* interrupt = nullptr;  // when it becomes true, the step is finished and the state saved
  std::function<void(int64_t step, double loss)> on_step;
};

struct TrainerResult {
  int64_t step = 0;  // updates done, those before a resume included
  bool interrupted = false;
};

// Trains `stage` to config.run.steps. Step s (from 0) uses learning rate s of the schedule. Writes into config.run.out:
// latest.safetensors and previous.safetensors (train/checkpoint.h), log.jsonl (one JSON object a line: losses at the log
// interval, figures at validations).
// Throws UsageError where the folder already holds a run and `resume` is not set, or where resuming is asked for without
// one; Error when the loss is not finite.
TrainerResult train(Stage& stage, const TrainConfig& config, const TrainerOptions& options);

}  // namespace daclip
