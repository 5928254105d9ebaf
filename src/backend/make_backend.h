// Creates the backend that a user's options select.
#pragma once

#include <memory>
#include <string>

#include "daclip/model.h"
#include "ops/backend.h"

namespace daclip {

struct BackendOptions {
  std::string device = "cpu";  // "cpu" or "cuda"
  int threads = 0;             // CPU threads; 0: one per core
  Precision precision = Precision::automatic;
};

// cpu: the native engine. cuda: LibTorch's backend, from the shared library libdaclip_torch, which is opened only on
// demand, so that programs start without LibTorch. Throws UsageError for an unknown device, DeviceError if the library,
// the device or the precision is not available.
std::unique_ptr<Backend> make_backend(const BackendOptions& options);

// Whether Precision::automatic means bfloat16 on this processor.
bool cpu_has_bf16();

// Path of libdaclip_torch.so, beside the program or in ../lib; empty if not found.
std::string find_torch_plugin();

}  // namespace daclip
