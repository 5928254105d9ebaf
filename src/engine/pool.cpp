#include "engine/pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "core/error.h"

namespace daclip {
namespace {

constexpr size_t kAlignment = 64;
// Unused memory that is kept whatever is in use; beyond it, no more than what is in use.
constexpr size_t kKeepBytes = size_t(32) << 20;
// What may be held beyond the most that was ever in use: blocks of sizes that do not fit each other.
constexpr size_t kSlackBytes = size_t(256) << 20;

// From here on blocks are mapped by themselves: the heap would keep the holes that they leave. In whole huge pages,
// where the system has them, fresh memory costs far fewer faults.
constexpr size_t kMappedBytes = size_t(1) << 20;
constexpr size_t kHugePage = size_t(2) << 20;

size_t round_up(size_t bytes) {
  const size_t step = bytes >= 65536 ? 4096 : kAlignment;
  return std::max(kAlignment, (bytes + step - 1) / step * step);
}

// Null when there is no memory.
void* obtain(size_t size) {
  if (size < kMappedBytes) return std::aligned_alloc(kAlignment, size);
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return nullptr;
  if (size >= 2 * kHugePage) madvise(data, size, MADV_HUGEPAGE);
  return data;
}

void release(void* data, size_t size) {
  if (size < kMappedBytes)
    std::free(data);
  else
    munmap(data, size);
}

}  // namespace

Buffer::~Buffer() { pool_->give_back(data_, size_); }

Pool::~Pool() {
  for (const auto& [size, data] : unused_) release(data, size);
}

std::shared_ptr<Buffer> Pool::allocate(size_t bytes) {
  const size_t size = round_up(bytes);
  {
    const std::lock_guard lock(mutex_);
    auto it = unused_.lower_bound(size);
    if (it != unused_.end() && it->first <= size + size / 4) {
      // Of several, the one used last: it may still be in the cache.
      it = std::prev(unused_.upper_bound(it->first));
      const auto [found, data] = *it;
      unused_.erase(it);
      unused_bytes_ -= found;
      used_bytes_ += found;
      peak_bytes_ = std::max(peak_bytes_, used_bytes_);
      return std::make_shared<Buffer>(shared_from_this(), data, found);
    }
  }
  {
    // Unused blocks make room for the new one, so that the memory held stays near the most that was in use at once.
    const std::lock_guard lock(mutex_);
    const size_t in_use = used_bytes_ + size;
    drop_unused(std::max(peak_bytes_, in_use) - in_use + kSlackBytes);
  }
  void* data = obtain(size);
  if (!data) {
    trim();
    data = obtain(size);
  }
  if (!data) throw LimitError(cat("out of memory for ", bytes, " bytes"));
  {
    const std::lock_guard lock(mutex_);
    used_bytes_ += size;
    peak_bytes_ = std::max(peak_bytes_, used_bytes_);
  }
  return std::make_shared<Buffer>(shared_from_this(), data, size);
}

void Pool::trim() {
  const std::lock_guard lock(mutex_);
  drop_unused(0);
}

void Pool::give_back(void* data, size_t size) {
  const std::lock_guard lock(mutex_);
  unused_.emplace(size, data);
  unused_bytes_ += size;
  used_bytes_ -= size;
  drop_unused(std::max(kKeepBytes, used_bytes_));
}

// Largest first: small blocks are needed soonest.
void Pool::drop_unused(size_t limit) {
  while (unused_bytes_ > limit) {
    const auto last = std::prev(unused_.end());
    release(last->second, last->first);
    unused_bytes_ -= last->first;
    unused_.erase(last);
  }
}

}  // namespace daclip
