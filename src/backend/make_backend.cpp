#include "backend/make_backend.h"

#include "backend/torch_plugin.h"
#include "core/error.h"
#include "core/plugin.h"
#include "engine/native_backend.h"

namespace daclip {
namespace {

std::unique_ptr<Backend> native_backend(const BackendOptions& options) {
  NativeOptions native;
  native.threads = options.threads;
  const bool automatic = options.precision == Precision::automatic && cpu_has_bf16();
  native.precision = automatic || options.precision == Precision::bf16 ? DType::bf16 : DType::f32;
  return std::make_unique<NativeBackend>(native);
}

std::unique_ptr<Backend> cuda_backend(const BackendOptions& options) {
  const std::string file = find_torch_plugin();
  if (file.empty()) throw DeviceError("device cuda needs LibTorch's backend, libdaclip_torch.so, which was not found");
  TorchPluginOptions torch;
  torch.automatic_precision = options.precision == Precision::automatic;
  torch.precision = options.precision == Precision::bf16 ? DType::bf16 : DType::f32;
  torch.threads = options.threads;
  return std::unique_ptr<Backend>(open_torch_plugin(file)(torch));
}

}  // namespace

bool cpu_has_bf16() { return NativeBackend::supports(DType::bf16); }

std::string find_torch_plugin() { return find_plugin("libdaclip_torch.so"); }

MakeTorchBackend open_torch_plugin(const std::string& file) {
  const PluginSymbol symbol = open_plugin(file, kMakeTorchBackend);
  if (!symbol.address) throw DeviceError(cat("LibTorch's backend cannot be opened: ", symbol.problem));
  return reinterpret_cast<MakeTorchBackend>(symbol.address);
}

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
  if (options.device == "cpu") return native_backend(options);
  if (options.device == "cuda") return cuda_backend(options);
  throw UsageError(cat("device ", options.device, ": expected cpu or cuda"));
}

}  // namespace daclip
