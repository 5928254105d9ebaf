// The interface of the shared library libdaclip_torch.
#pragma once

#include <string>

#include "ops/backend.h"

namespace daclip {

struct TorchPluginOptions {
  const char* device = "cuda";  // a device name of LibTorch
  DType precision = DType::f32;
  bool automatic_precision = false;  // bfloat16 if the device supports it, ignoring `precision`
  int threads = 0;
};

// Throws DeviceError if the device is not available. The caller owns the backend.
using MakeTorchBackend = Backend* (*)(const TorchPluginOptions& options);
inline constexpr const char* kMakeTorchBackend = "daclip_make_torch_backend";

// Opens the library. Throws DeviceError if it cannot be loaded or does not export kMakeTorchBackend.
MakeTorchBackend open_torch_plugin(const std::string& file);

}  // namespace daclip
