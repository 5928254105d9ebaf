#include "data/pictures.h"

#include <algorithm>

#include "core/error.h"
#include "image/io.h"

namespace daclip {
namespace fs = std::filesystem;

std::vector<fs::path> list_pictures(const fs::path& folder, bool recursive) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const bool hidden = it->path().filename().string().starts_with('.');
    if (it->is_directory(error)) {
      if (hidden || !recursive) it.disable_recursion_pending();
    } else if (!hidden && it->is_regular_file(error) && has_readable_name(it->path())) {
      found.push_back(it->path());
    }
    error.clear();  // ignore dangling links
  }
  if (error) throw IoError(cat(folder.string(), ": cannot be read: ", error.message()));
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace daclip
