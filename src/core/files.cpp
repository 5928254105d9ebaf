#include "core/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
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

 private:
  int fd_;
};

// Names of the temporary files that are being written, where a signal handler can read them.
struct TemporaryName {
  std::atomic<int> state = 0;  // 0 free, 1 being filled, 2 in use
  char name[PATH_MAX] = "";
};
std::array<TemporaryName, 64> temporary_names;

extern "C" void remove_temporaries(int signal) {
  for (TemporaryName& entry : temporary_names)
    if (entry.state == 2) ::unlink(entry.name);
  ::raise(signal);  // SA_RESETHAND: what the signal does by default
}

// A new file beside `path`. Its name is short, since that of `path` may be as long as the system allows.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& path) {
    static std::atomic<unsigned> count = 0;
    const std::string folder = path.has_parent_path() ? (path.parent_path() / "").string() : "";
    do {
      name_ = cat(folder, ".daclip-", ::getpid(), "-", count++);
      remember();
      fd_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
      if (fd_ < 0) forget();
    } while (fd_ < 0 && errno == EEXIST);
  }
  ~TemporaryFile() {
    if (fd_ < 0) return;
    if (open_) ::close(fd_);
    if (!renamed_) ::unlink(name_.c_str());
    forget();
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int get() const { return fd_; }
  bool close() {
    open_ = false;
    return ::close(fd_) == 0;
  }
  bool rename_to(const std::filesystem::path& path) { return renamed_ = ::rename(name_.c_str(), path.c_str()) == 0; }

 private:
  void remember() {
    if (name_.size() >= PATH_MAX) return;
    for (TemporaryName& entry : temporary_names) {
      int free = 0;
      if (!entry.state.compare_exchange_strong(free, 1)) continue;
      std::copy(name_.c_str(), name_.c_str() + name_.size() + 1, entry.name);
      entry.state = 2;
      entry_ = &entry;
      return;
    }
  }
  void forget() {
    if (entry_) entry_->state = 0;
    entry_ = nullptr;
  }

  std::string name_;
  TemporaryName* entry_ = nullptr;
  int fd_ = -1;
  bool open_ = true, renamed_ = false;
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
  TemporaryFile file(path);
  if (file.get() < 0) fail(path, "cannot be written");
  for (const std::span<const uint8_t> bytes : parts) {
    size_t written = 0;
    while (written < bytes.size()) {
      const ssize_t n = ::write(file.get(), bytes.data() + written, bytes.size() - written);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail(path, "cannot be written");
      written += size_t(n);
    }
  }
  // Access was restricted to the owner so far. Use the mode of the replaced file, or what a plain open would give.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  struct stat existing {};
  const mode_t mode = ::stat(path.c_str(), &existing) == 0 ? (existing.st_mode & 07777) : (0666 & ~mask);
  if (::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) fail(path, "cannot be written");
  if (!file.close() || !file.rename_to(path)) fail(path, "cannot be written");
}

void prepare_signals() {
  std::signal(SIGXFSZ, SIG_IGN);
  struct sigaction action {};
  action.sa_handler = remove_temporaries;
  action.sa_flags = SA_RESETHAND;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    // What nohup or a shell in the background ignores stays ignored.
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
      ::sigaction(signal, &action, nullptr);
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
