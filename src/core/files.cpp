#include "core/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace daclip {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  int release_and_close() {
    const int result = ::close(fd_);
    fd_ = -1;
    return result;
  }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw IoError(cat(path.string(), ": ", what, ": ", std::strerror(errno)));
}

}  // namespace

std::vector<uint8_t> read_file(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail(path, "cannot be read");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(path, "cannot be read");
  if (S_ISDIR(status.st_mode)) throw IoError(cat(path.string(), ": is a folder, expected a file"));
  std::vector<uint8_t> bytes(S_ISREG(status.st_mode) ? size_t(status.st_size) : 0);
  size_t filled = 0;
  for (;;) {
    if (filled == bytes.size()) {
      // The size of a regular file is known, so one further read detects its end. Pipes and devices have no known size.
      uint8_t extra[65536];
      const ssize_t n = ::read(file.get(), extra, sizeof extra);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail(path, "cannot be read");
      if (n == 0) break;
      bytes.insert(bytes.end(), extra, extra + n);
      filled = bytes.size();
      continue;
    }
    const ssize_t n = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "cannot be read");
    if (n == 0) break;
    filled += size_t(n);
  }
  bytes.resize(filled);
  return bytes;
}

void write_file_atomically(const std::filesystem::path& path, std::span<const uint8_t> bytes) {
  write_parts_atomically(path, {&bytes, 1});
}

void write_parts_atomically(const std::filesystem::path& path, std::span<const std::span<const uint8_t>> parts) {
  std::string temporary = path.string() + ".XXXXXX";
  FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) fail(path, "cannot be written");
  try {
    for (const std::span<const uint8_t> bytes : parts) {
      size_t written = 0;
      while (written < bytes.size()) {
        const ssize_t n = ::write(file.get(), bytes.data() + written, bytes.size() - written);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail(path, "cannot be written");
        written += size_t(n);
      }
    }
    // mkostemp restricts access to the owner. Use the mode of the replaced file, or what a plain open would give.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    struct stat existing {};
    const mode_t mode = ::stat(path.c_str(), &existing) == 0 ? (existing.st_mode & 07777) : (0666 & ~mask);
    if (::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) fail(path, "cannot be written");
    if (file.release_and_close() != 0) fail(path, "cannot be written");
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "cannot be written");
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  write_file_atomically(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  const std::filesystem::path result = std::filesystem::weakly_canonical(whole, error);
  return error ? whole.lexically_normal() : result;
}

}  // namespace daclip
