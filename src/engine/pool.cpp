#include "engine/pool.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "core/error.h"

namespace daclip {
namespace {

constexpr size_t kAlignment = 64;
// Unused memory that is kept whatever is in use; beyond it, no more than what is in use.
constexpr size_t kKeepBytes = size_t(32) << 20;

size_t round_up(size_t bytes) {
  const size_t step = bytes >= 65536 ? 4096 : kAlignment;
  return std::max(kAlignment, (bytes + step - 1) / step * step);
}

}  // namespace

Buffer::~Buffer() { pool_->give_back(data_, size_); }

Pool::~Pool() {
  for (const auto& [size, data] : unused_) std::free(data);
}

std::shared_ptr<Buffer> Pool::allocate(size_t bytes) {
  const size_t size = round_up(bytes);
  {
    const std::lock_guard lock(mutex_);
    const auto it = unused_.lower_bound(size);
    if (it != unused_.end() && it->first <= size + size / 4) {
      const auto [found, data] = *it;
      unused_.erase(it);
      unused_bytes_ -= found;
      used_bytes_ += found;
      return std::make_shared<Buffer>(shared_from_this(), data, found);
    }
  }
  void* data = std::aligned_alloc(kAlignment, size);
  if (!data) {
    trim();
    data = std::aligned_alloc(kAlignment, size);
  }
  if (!data) throw LimitError(cat("out of memory for ", bytes, " bytes"));
  {
    const std::lock_guard lock(mutex_);
    used_bytes_ += size;
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
    std::free(last->second);
    unused_bytes_ -= last->first;
    unused_.erase(last);
  }
}

}  // namespace daclip
