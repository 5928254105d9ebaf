// Memory for activations. A network repeatedly asks for the same few sizes, so released buffers are kept and reused,
// which avoids the page faults of new memory.
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

class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  MemoryPool() = default;
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;
  ~MemoryPool();

  // Contents are undefined. Throws LimitError if the system has no memory left.
  std::shared_ptr<Buffer> allocate(size_t bytes);

  // Returns unused blocks to the operating system.
  void trim();

 private:
  friend class Buffer;
  void give_back(void* data, size_t size);
  void drop_unused(size_t limit);

  std::mutex mutex_;
  std::multimap<size_t, void*> unused_;
  size_t unused_bytes_ = 0;
  size_t used_bytes_ = 0;
  size_t peak_bytes_ = 0;  // maximum of used_bytes_ so far
};

}  // namespace daclip
