// Replaces src/nets/registry.cpp and adds the toy network.
#include "nets/registry.h"

namespace daclip {

extern const NetworkType kNafnet;
extern const NetworkType kUnet;
extern const NetworkType kToy;

std::span<const NetworkType* const> network_types() {
  static constexpr const NetworkType* kTypes[] = {
      &kNafnet,
      &kUnet,
      &kToy,
  };
  return kTypes;
}

}  // namespace daclip
