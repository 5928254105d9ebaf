#include "backend/torch_plugin.h"
#include "daclip/export.h"
#include "torch/torch_backend.h"

extern "C" DACLIP_API daclip::Backend* daclip_make_torch_backend(const daclip::TorchPluginOptions& options) {
  using daclip::DType;
  daclip::TorchOptions torch;
  torch.device = torch::Device(options.device);
  torch.precision = options.automatic_precision && torch.device.is_cuda() ? DType::bf16 : options.precision;
  torch.threads = options.threads;
  return new daclip::TorchBackend(torch);
}
