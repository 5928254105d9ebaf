#include "engine/memory_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "core/error.h"

namespace daclip {
namespace {

constexpr size_t kAlignment = 64;
// Unused memory up to this size is always kept; beyond it, at most as much as is in use.
constexpr size_t kKeepBytes = size_t(32) << 20;
// Memory held beyond the peak use, because blocks of different sizes cannot replace each other.
constexpr size_t kSlackBytes = size_t(256) << 20;

// Blocks from this size on are mapped separately, because the heap would keep the holes that they leave. Whole huge
// pages, where the system has them, cause far fewer page faults in new memory.
constexpr size_t kMappedBytes = size_t(1) << 20;
constexpr size_t kHugePage = size_t(2) << 20;

size_t round_up(size_t bytes) {
  const size_t step = bytes >= 65536 ? 4096 : kAlignment;
  return std::max(kAlignment, (bytes + step - 1) / step * step);
}

// Null if the system is out of memory.
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

MemoryPool::~MemoryPool() {
  for (const auto& [size, data] : unused_) release(data, size);
}

std::shared_ptr<Buffer> MemoryPool::allocate(size_t bytes) {
  const size_t size = round_up(bytes);
  {
    const std::lock_guard lock(mutex_);
    auto it = unused_.lower_bound(size);
    if (it != unused_.end() && it->first <= size + size / 4) {
      // Of several, take the one released last: it may still be in the cache.
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
    // Drop unused blocks for the new one, so that the memory held stays near the peak use.
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

void MemoryPool::trim() {
  const std::lock_guard lock(mutex_);
  drop_unused(0);
}

void MemoryPool::give_back(void* data, size_t size) {
  const std::lock_guard lock(mutex_);
  unused_.emplace(size, data);
  unused_bytes_ += size;
  used_bytes_ -= size;
  drop_unused(std::max(kKeepBytes, used_bytes_));
}

// Drops the largest blocks first: small ones are likely to be needed soonest.
void MemoryPool::drop_unused(size_t limit) {
  while (unused_bytes_ > limit) {
    const auto last = std::prev(unused_.end());
    release(last->second, last->first);
    unused_bytes_ -= last->first;
    unused_.erase(last);
  }
}

}  // namespace daclip
