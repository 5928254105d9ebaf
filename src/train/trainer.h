// The training loop that all stages share.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "train/stage.h"

namespace daclip {

struct TrainerOptions {
  bool resume = false;     // continue from out/latest.safetensors; an error where there is none
  int64_t stop_after = 0;  // stop (with a checkpoint) once this many steps are done; 0: at config.run.steps
  bool progress = true;    // lines on stderr, changed keys included
  const std::atomic<bool>* interrupt = nullptr;  // when it becomes true, the step is finished and the state saved
  std::function<void(int64_t step, double loss)> on_step;
};

struct TrainerResult {
  int64_t step = 0;  // updates done, those before a resume included
  bool interrupted = false;
};

// Trains `stage` to config.run.steps. Step s (from 0) uses learning rate s of the schedule. Writes into config.run.out:
// latest.safetensors and previous.safetensors (train/checkpoint.h), log.jsonl (one JSON object a line: losses at the
// log interval, figures at validations). A resumed run first prints the keys whose values differ from the checkpoint's.
// Throws UsageError where the folder already holds a run and `resume` is not set, where resuming is asked for without
// one, or where a resumed run would change what is trained; Error when the loss is not finite.
TrainerResult train(Stage& stage, const TrainConfig& config, const TrainerOptions& options);

}  // namespace daclip
