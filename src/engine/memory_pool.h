// Memory for activations. Released memory is kept and reused, because the page faults of new memory would take a fifth
// of a network's time.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

namespace daclip {

class MemoryPool;

// A 64-byte aligned block. It returns to its pool, which it keeps alive, when the last handle is destroyed.
class Buffer {
 public:
  Buffer(std::shared_ptr<MemoryPool> pool, void* data, size_t size)
      : pool_(std::move(pool)), data_(data), size_(size) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  void* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::shared_ptr<MemoryPool> pool_;
  void* data_;
  size_t size_;
};

// Large blocks lie in one stretch of address space, each at the lowest address where it fits, so that the memory held
// stays near the peak use and neighbours grow together again when they are released. Small blocks come from the heap.
class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  MemoryPool() = default;
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;
  ~MemoryPool();

  // Contents are undefined. Throws LimitError if the system has no memory left.
  std::shared_ptr<Buffer> allocate(size_t bytes);

 private:
  friend class Buffer;
  void* take_small(size_t size);
  void* take_large(size_t size);
  void* extend(size_t size);
  void give_back(void* data, size_t size);
  void add_range(char* data, size_t size);

  std::mutex mutex_;
  std::multimap<size_t, void*> small_;  // unused blocks of the heap, by size
  size_t small_bytes_ = 0;
  char* base_ = nullptr;            // the address space, reserved when it is first needed
  size_t reserved_ = 0, held_ = 0;  // bytes from base_: reserved, and made usable so far
  std::map<char*, size_t> ranges_;  // unused parts of the latter, by address; neighbours are merged
};

}  // namespace daclip
