// Prepares the CPU's part of a training step while the step before it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <future>

namespace daclip {

template <class Batch>
class Ahead {
 public:
  // make(step) must be a function of the step alone. It is called for growing steps, from one thread at a time.
  explicit Ahead(std::function<Batch(int64_t)> make) : make_(std::move(make)) {}

  // Steps must not decrease. Passes on what make threw.
  Batch get(int64_t step) {
    if (next_.valid() && next_step_ != step) next_.wait();
    Batch batch = next_.valid() && next_step_ == step ? next_.get() : make_(step);
    next_step_ = step + 1;
    next_ = std::async(std::launch::async, make_, next_step_);
    return batch;
  }

 private:
  std::function<Batch(int64_t)> make_;
  std::future<Batch> next_;  // its destruction waits for the call in progress
  int64_t next_step_ = -1;
};

}  // namespace daclip
