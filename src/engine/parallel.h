// The engine's parallel loop. It uses OpenMP because oneDNN does, so both share one set of threads.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace daclip {

// Calls body(begin, end) on up to `threads` threads, each with about `grain` items or more. The body must not throw.
template <class Body>
void parallel_for(int threads, int64_t count, int64_t grain, const Body& body) {
  const int64_t useful = std::max<int64_t>(1, count / std::max<int64_t>(1, grain));
  const int team = int(std::min<int64_t>(threads, useful));
  if (team <= 1) {
    if (count > 0) body(int64_t(0), count);
    return;
  }
#pragma omp parallel num_threads(team)
  {
    const int64_t size = omp_get_num_threads(), rank = omp_get_thread_num();
    const int64_t begin = count * rank / size, end = count * (rank + 1) / size;
    if (begin < end) body(begin, end);
  }
}

// Sets OpenMP's number of threads for libraries called from this thread, and restores it at the end.
class ThreadScope {
 public:
  explicit ThreadScope(int threads) : previous_(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ~ThreadScope() { omp_set_num_threads(previous_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int previous_;
};

}  // namespace daclip
