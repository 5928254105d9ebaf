#include "backend/make_backend.h"

#include <dlfcn.h>

#include <filesystem>
#include <vector>

#include "backend/torch_plugin.h"
#include "core/error.h"
#include "engine/native_backend.h"

namespace daclip {
namespace {

std::unique_ptr<Backend> native_backend(const BackendOptions& options) {
  NativeOptions native;
  native.threads = options.threads;
  const bool automatic = options.precision == Precision::automatic && NativeBackend::supports(DType::bf16);
  native.precision = automatic || options.precision == Precision::bf16 ? DType::bf16 : DType::f32;
  return std::make_unique<NativeBackend>(native);
}

std::unique_ptr<Backend> cuda_backend(const BackendOptions& options) {
  TorchPluginOptions torch;
  torch.automatic_precision = options.precision == Precision::automatic;
  torch.precision = options.precision == Precision::bf16 ? DType::bf16 : DType::f32;
  torch.threads = options.threads;
  return std::unique_ptr<Backend>(open_torch_plugin()(torch));
}

// Beside the program as built, then as installed, then wherever the system's loader looks.
std::vector<std::string> plugin_files() {
  constexpr const char* kName = "libdaclip_torch.so";
  std::vector<std::string> files;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) files = {program.parent_path() / kName, program.parent_path().parent_path() / "lib" / kName};
  files.emplace_back(kName);
  return files;
}

}  // namespace

MakeTorchBackend open_torch_plugin(const std::string& file) {
  std::string problem;
  for (const std::string& name : file.empty() ? plugin_files() : std::vector<std::string>{file}) {
    void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays open for the process's life
    if (!library) {
      problem = dlerror();
      continue;
    }
    if (void* symbol = dlsym(library, kMakeTorchBackend)) return reinterpret_cast<MakeTorchBackend>(symbol);
    problem = name + " is no LibTorch backend of daclip";
  }
  throw DeviceError(cat("device cuda needs LibTorch's backend, which cannot be opened: ", problem));
}

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
  if (options.device == "cpu") return native_backend(options);
  if (options.device == "cuda") return cuda_backend(options);
  throw UsageError(cat("device ", options.device, ": expected cpu or cuda"));
}

}  // namespace daclip
