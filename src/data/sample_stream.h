// Training samples prepared ahead of the steps by threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "data/sampler.h"

namespace daclip {

// Calls Sampler::make ahead of the steps. Its results do not depend on the threads' timing.
class SampleStream {
 public:
  // Keeps the samples of at most `lookahead` steps beyond the one asked for. `sampler` must outlive the stream.
  SampleStream(const Sampler& sampler, int threads, int lookahead = 4);
  ~SampleStream();
  SampleStream(const SampleStream&) = delete;
  SampleStream& operator=(const SampleStream&) = delete;

  // Waits for the sample of a slot at a step; steps must not decrease. Passes on what make() threw.
  std::shared_ptr<const Sample> get(int64_t step, int slot);

 private:
  using Result = std::shared_ptr<const Sample>;
  using Key = std::pair<int, int64_t>;  // slot, serial

  void advance(int64_t step);
  void work();

  const Sampler& sampler_;
  int lookahead_;
  int64_t step_ = -1, planned_ = -1;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool stop_ = false;
  std::deque<std::packaged_task<Result()>> queue_;
  std::map<Key, std::shared_future<Result>> results_;
  std::vector<std::thread> workers_;
};

}  // namespace daclip
