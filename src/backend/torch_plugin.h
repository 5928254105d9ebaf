// What the library libdaclip_torch exports.
#pragma once

#include <string>

#include "ops/backend.h"

namespace daclip {

struct TorchPluginOptions {
  const char* device = "cuda";  // as LibTorch names it
  DType precision = DType::f32;
  bool automatic_precision = false;  // bfloat16 where the device computes in it
  int threads = 0;
};

// Throws DeviceError where the device is absent. The caller deletes the backend.
using MakeTorchBackend = Backend* (*)(const TorchPluginOptions& options);
inline constexpr const char* kMakeTorchBackend = "daclip_make_torch_backend";

// Opens the library. Throws DeviceError where it is no such library or lacks one of its own.
MakeTorchBackend open_torch_plugin(const std::string& file);

}  // namespace daclip
