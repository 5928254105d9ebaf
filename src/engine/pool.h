// Memory of activations. A network asks for the same few sizes again and again: buffers that are given back are kept
// and handed out again, which saves the page faults of fresh memory.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

namespace daclip {

class Pool;

// One 64-byte aligned block; returns to its pool when the last handle goes. Keeps the pool alive.
class Buffer {
 public:
  Buffer(std::shared_ptr<Pool> pool, void* data, size_t size) : pool_(std::move(pool)), data_(data), size_(size) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  void* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::shared_ptr<Pool> pool_;
  void* data_;
  size_t size_;
};

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // Contents are undefined. Throws LimitError when the machine has no such memory.
  std::shared_ptr<Buffer> allocate(size_t bytes);

  // Returns unused blocks to the system.
  void trim();

 private:
  friend class Buffer;
  void give_back(void* data, size_t size);
  void drop_unused(size_t limit);

  std::mutex mutex_;
  std::multimap<size_t, void*> unused_;
  size_t unused_bytes_ = 0;
  size_t used_bytes_ = 0;
  size_t peak_bytes_ = 0;  // most that used_bytes_ has been
};

}  // namespace daclip
