#include "core/plugin.h"

#include <dlfcn.h>

#include <filesystem>
#include <vector>

#include "core/error.h"

namespace daclip {

namespace fs = std::filesystem;

std::string find_plugin(std::string_view library) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> folders = {program, program.parent_path() / "lib"};
  Dl_info here{};
  if (dladdr(reinterpret_cast<void*>(&find_plugin), &here) && here.dli_fname)
    folders.push_back(fs::path(here.dli_fname).parent_path());
  for (const fs::path& folder : folders)
    if (!folder.empty() && fs::exists(folder / library, error)) return (folder / library).string();
  return "";
}

PluginSymbol open_plugin(const std::string& path, const char* symbol) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return {nullptr, dlerror()};
  void* address = dlsym(library, symbol);
  return {address, address ? "" : cat(path, " has no ", symbol)};
}

}  // namespace daclip
