#include "data/sample_stream.h"

#include <algorithm>

namespace daclip {

SampleStream::SampleStream(const Sampler& sampler, int threads, int lookahead)
    : sampler_(sampler), lookahead_(lookahead) {
  for (int i = 0; i < std::max(1, threads); ++i) workers_.emplace_back([this] { work(); });
}

SampleStream::~SampleStream() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    queue_.clear();
  }
  ready_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void SampleStream::work() {
  for (;;) {
    std::packaged_task<Result()> task;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stop_ || !queue_.empty(); });
      if (stop_) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

void SampleStream::advance(int64_t step) {
  const std::lock_guard lock(mutex_);
  if (step == step_) return;
  step_ = step;
  std::erase_if(results_,
                [&](const auto& item) { return item.first.second < sampler_.serial(step, item.first.first); });
  for (int64_t ahead = std::max(step, planned_ + 1); ahead <= step + lookahead_; ++ahead) {
    for (int slot = 0; slot < sampler_.config().slots; ++slot) {
      const Key key{slot, sampler_.serial(ahead, slot)};
      if (results_.contains(key)) continue;
      std::packaged_task<Result()> task(
          [this, key] { return std::make_shared<const Sample>(sampler_.make(key.first, key.second)); });
      results_[key] = task.get_future().share();
      queue_.push_back(std::move(task));
    }
  }
  planned_ = step + lookahead_;
  ready_.notify_all();
}

std::shared_ptr<const Sample> SampleStream::get(int64_t step, int slot) {
  advance(step);
  std::shared_future<Result> future;
  {
    const std::lock_guard lock(mutex_);
    future = results_.at({slot, sampler_.serial(step, slot)});
  }
  return future.get();
}

}  // namespace daclip
