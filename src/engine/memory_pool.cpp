#include "engine/memory_pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "core/error.h"

namespace daclip {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kSmallBytesKept = size_t(32) << 20;

// Blocks from this size on are large. Whole huge pages, where the system has them, cause far fewer page faults.
constexpr size_t kLargeBytes = size_t(1) << 20;
constexpr size_t kLargeStep = size_t(64) << 10;
constexpr size_t kHugePage = size_t(2) << 20;

size_t round_up(size_t bytes) {
  const size_t step = bytes >= kLargeBytes ? kLargeStep : bytes >= 65536 ? 4096 : kAlignment;
  return std::max(kAlignment, (bytes + step - 1) / step * step);
}

// Twice the machine's memory: gaps between blocks take address space too.
size_t address_space() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  const size_t memory = pages > 0 && page > 0 ? size_t(pages) * size_t(page) : size_t(4) << 30;
  return 2 * memory / kHugePage * kHugePage;
}

}  // namespace

Buffer::~Buffer() { pool_->give_back(data_, size_); }

MemoryPool::~MemoryPool() {
  for (const auto& [size, data] : small_) std::free(data);
  if (base_) munmap(base_, reserved_);
}

std::shared_ptr<Buffer> MemoryPool::allocate(size_t bytes) {
  const size_t size = round_up(bytes);
  const std::lock_guard lock(mutex_);
  void* data = size < kLargeBytes ? take_small(size) : take_large(size);
  if (!data) throw LimitError(cat("out of memory for ", bytes, " bytes"));
  return std::make_shared<Buffer>(shared_from_this(), data, size);
}

// These three return null if there is no memory left.
void* MemoryPool::take_small(size_t size) {
  const auto block = small_.find(size);
  if (block == small_.end()) return std::aligned_alloc(kAlignment, size);
  void* data = block->second;
  small_.erase(block);
  small_bytes_ -= size;
  return data;
}

void* MemoryPool::take_large(size_t size) {
  const auto range =
      std::find_if(ranges_.begin(), ranges_.end(), [&](const auto& unused) { return unused.second >= size; });
  if (range == ranges_.end()) return extend(size);
  const auto [data, length] = *range;
  ranges_.erase(range);
  if (length > size) ranges_.emplace(data + size, length - size);
  return data;
}

// Makes more of the address space usable, after an unused end of what already is.
void* MemoryPool::extend(size_t size) {
  // A limit on the process's address space may allow less.
  for (size_t wanted = address_space(); !base_ && wanted >= std::max(size, kHugePage); wanted /= 2) {
    void* data = mmap(nullptr, wanted, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) continue;
    base_ = static_cast<char*>(data);
    reserved_ = wanted;
    madvise(base_, reserved_, MADV_HUGEPAGE);
  }
  if (!base_) return nullptr;
  size_t begin = held_;
  if (!ranges_.empty()) {
    const auto& [data, length] = *ranges_.rbegin();
    if (data + length == base_ + held_) begin = size_t(data - base_);
  }
  if (size > reserved_ - begin) return nullptr;
  const size_t end = std::min(reserved_, (begin + size + kHugePage - 1) / kHugePage * kHugePage);
  if (mprotect(base_ + held_, end - held_, PROT_READ | PROT_WRITE) != 0) return nullptr;
  add_range(base_ + held_, end - held_);
  held_ = end;
  return take_large(size);
}

void MemoryPool::give_back(void* data, size_t size) {
  const std::lock_guard lock(mutex_);
  if (size >= kLargeBytes) return add_range(static_cast<char*>(data), size);
  small_.emplace(size, data);
  small_bytes_ += size;
  while (small_bytes_ > kSmallBytesKept) {
    const auto largest = std::prev(small_.end());
    std::free(largest->second);
    small_bytes_ -= largest->first;
    small_.erase(largest);
  }
}

void MemoryPool::add_range(char* data, size_t size) {
  const auto range = ranges_.emplace(data, size).first;
  if (const auto next = std::next(range); next != ranges_.end() && data + size == next->first) {
    range->second += next->second;
    ranges_.erase(next);
  }
  if (range == ranges_.begin()) return;
  const auto before = std::prev(range);
  if (before->first + before->second != data) return;
  before->second += range->second;
  ranges_.erase(range);
}

}  // namespace daclip
