#include "core/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <set>

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

}  // namespace

// The name of a file that is being written, where a signal handler can read it.
struct TemporaryName {
  std::atomic<int> state = 0;  // 0 free, 1 being filled, 2 in use
  char name[PATH_MAX] = "";
};

namespace {

std::array<TemporaryName, 64> temporary_names;

extern "C" void remove_temporaries(int signal) {
  for (TemporaryName& entry : temporary_names)
    if (entry.state == 2) ::unlink(entry.name);
  ::raise(signal);  // SA_RESETHAND: what the signal does by default
}

// Null where the name is too long or too many files are being written: then a signal leaves it.
TemporaryName* remember(const std::string& name) {
  if (name.size() >= PATH_MAX) return nullptr;
  for (TemporaryName& entry : temporary_names) {
    int free = 0;
    if (!entry.state.compare_exchange_strong(free, 1)) continue;
    std::copy(name.c_str(), name.c_str() + name.size() + 1, entry.name);
    entry.state = 2;
    return &entry;
  }
  return nullptr;
}

void forget(TemporaryName* entry) {
  if (entry) entry->state = 0;
}

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw IoError(cat(path.string(), ": ", what, ": ", std::strerror(errno)));
}

constexpr std::string_view kTemporary = ".daclip-";

// The process of ".daclip-PID-NUMBER"; 0 for other names.
pid_t writer_of(const std::string& name) {
  int process = 0, number = 0, end = 0;
  const bool ours = std::sscanf(name.c_str(), ".daclip-%d-%d%n", &process, &number, &end) == 2;
  return ours && size_t(end) == name.size() && process > 0 ? process : 0;
}

// Removes what processes that were killed left in a folder, once for each folder. The lock tells of processes that only
// another machine knows.
void remove_abandoned(const std::filesystem::path& folder) {
  static std::mutex mutex;
  static std::set<std::filesystem::path> done;
  const std::lock_guard lock(mutex);
  if (!done.insert(resolved(folder)).second) return;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(folder, error); !error && it != end(it); it.increment(error)) {
    const pid_t writer = writer_of(it->path().filename().string());
    if (writer == 0 || ::kill(writer, 0) == 0 || errno != ESRCH) continue;
    const FileDescriptor file(::open(it->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(it->path().c_str());
  }
}

}  // namespace

UnfinishedFile::UnfinishedFile(std::filesystem::path path) : path_(std::move(path)) {
  static std::atomic<unsigned> count = 0;
  const std::filesystem::path folder = path_.parent_path();
  remove_abandoned(folder.empty() ? "." : folder);
  do {
    temporary_ = folder / cat(kTemporary, ::getpid(), "-", count++);
    slot_ = remember(temporary_.native());
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor_ < 0) forget(slot_);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail(path_, "cannot be written");
  ::flock(descriptor_, LOCK_EX | LOCK_NB);  // see remove_abandoned()
}

UnfinishedFile::~UnfinishedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!finished_) ::unlink(temporary_.c_str());
  forget(slot_);
}

void UnfinishedFile::finish() {
  // Access was restricted to the owner so far. Use the mode of the replaced file, or what a plain open would give.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  struct stat existing {};
  const mode_t mode = ::stat(path_.c_str(), &existing) == 0 ? (existing.st_mode & 07777) : (0666 & ~mask);
  if (::fchmod(descriptor_, mode) != 0 || ::fsync(descriptor_) != 0) fail(path_, "cannot be written");
  const bool closed = ::close(descriptor_) == 0;
  descriptor_ = -1;
  if (!closed || ::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "cannot be written");
  finished_ = true;
}

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
  UnfinishedFile file(path);
  for (const std::span<const uint8_t> bytes : parts) {
    size_t written = 0;
    while (written < bytes.size()) {
      const ssize_t n = ::write(file.descriptor(), bytes.data() + written, bytes.size() - written);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail(path, "cannot be written");
      written += size_t(n);
    }
  }
  file.finish();
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
