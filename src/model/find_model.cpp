#include <dlfcn.h>

#include <cstdlib>

#include "model/model.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

// Path of the program or shared library that contains this code; empty if unknown.
fs::path own_file() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&own_file), &info) == 0) return {};
  std::error_code error;
  // For a program this is the path it was started with, which may be relative to a former working folder.
  const fs::path name = info.dli_fname;
  const fs::path file = name.is_absolute() ? fs::canonical(name, error) : fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : file;
}

// Folders to search for models, in order of preference.
std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  if (const char* variable = std::getenv("DACLIP_MODELS")) {
    std::string_view list = variable;
    while (!list.empty()) {
      const size_t end = std::min(list.find(':'), list.size());
      if (end > 0) folders.emplace_back(list.substr(0, end));
      list.remove_prefix(std::min(end + 1, list.size()));
    }
  }
  const fs::path folder = own_file().parent_path();
  folders.push_back(folder / "models");
  // In an installation: share/ beside bin/ or lib/, which may have a subfolder for the architecture.
  for (const fs::path& prefix : {folder.parent_path(), folder.parent_path().parent_path()})
    folders.push_back(prefix / "share" / "daclip" / "models");
  // In a build: the program is in build/<preset>/bin, the models are in models/ of the source tree.
  fs::path above = folder.parent_path();
  for (int level = 0; level < 3 && above.has_relative_path(); ++level, above = above.parent_path())
    folders.push_back(above / "models");
  folders.emplace_back("models");  // destination of `daclip import -o models/NAME`
  return folders;
}

// The model in a folder; empty if there is none.
fs::path model_in(const fs::path& folder) {
  std::error_code error;
  for (const char* name : {"model.safetensors", "experts.toml"})
    if (fs::is_regular_file(folder / name, error)) return folder / name;
  return {};
}

}  // namespace

std::filesystem::path find_model(const std::string& model) {
  std::error_code error;
  const fs::path path = model;
  if (fs::is_regular_file(path, error)) return path;
  if (const fs::path file = model_in(path); !file.empty()) return file;
  if (model.find('/') != std::string::npos || model.ends_with(".safetensors") || model.ends_with(".toml"))
    throw IoError(cat(model, ": no such model file"));
  std::string looked;
  for (const fs::path& folder : model_folders()) {
    if (const fs::path file = model_in(folder / model); !file.empty()) return file;
    looked += (looked.empty() ? "" : ", ") + folder.string();
  }
  throw IoError(cat("model ", model, " is not installed; searched ", looked));
}

}  // namespace daclip
