#include "weights/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace daclip {
namespace {

struct Mapping {
  void* address = nullptr;
  size_t size = 0;

  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address) munmap(address, size);
  }
};

}  // namespace

SharedBytes map_file(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw IoError(cat(path.string(), ": cannot open: ", std::strerror(errno)));
  struct stat status;
  auto mapping = std::make_shared<Mapping>();
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(file);
    throw IoError(cat(path.string(), ": not a regular file"));
  }
  if (status.st_size > 0) {
    void* address = mmap(nullptr, size_t(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    const int error = errno;
    close(file);
    if (address == MAP_FAILED) throw IoError(cat(path.string(), ": cannot map: ", std::strerror(error)));
    mapping->address = address;
    mapping->size = size_t(status.st_size);
  } else {
    close(file);
  }
  return {{static_cast<const uint8_t*>(mapping->address), mapping->size}, mapping};
}

SharedBytes share(std::vector<uint8_t> bytes) {
  const auto buffer = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
  return {*buffer, buffer};
}

}  // namespace daclip
