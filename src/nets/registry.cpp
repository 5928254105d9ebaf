// The restoration networks that the program knows: a line each.
#include "nets/registry.h"

namespace daclip {

extern const NetworkType kNafnet;  // nets/nafnet.cpp
extern const NetworkType kUnet;    // nets/unet.cpp

std::span<const NetworkType* const> network_types() {
  static constexpr const NetworkType* kTypes[] = {
      &kNafnet,
      &kUnet,
  };
  return kTypes;
}

}  // namespace daclip
