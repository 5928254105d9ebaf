// The backend that a user's options name.
#pragma once

#include <memory>
#include <string>

#include "daclip/model.h"
#include "ops/backend.h"

namespace daclip {

struct BackendOptions {
  std::string device = "cpu";  // "cpu" or "cuda"
  int threads = 0;             // of the CPU; 0: as many as there are cores
  Precision precision = Precision::automatic;
};

// cpu: the native engine. cuda: LibTorch's backend, in a library of its own (libdaclip_torch) that is opened only then,
// so that programs start without LibTorch. Throws UsageError for another device, DeviceError where the library, the
// device or the precision is absent.
std::unique_ptr<Backend> make_backend(const BackendOptions& options);

// Whether Precision::automatic means bfloat16 on this processor.
bool cpu_has_bf16();

// The library of LibTorch's backend beside the program or in lib/ next to its folder; empty where there is none.
std::string find_torch_plugin();

}  // namespace daclip
