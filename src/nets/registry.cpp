// The known restoration networks. Add a new one here.
#include "nets/registry.h"

namespace daclip {

extern const NetworkType kAirnet;     // nets/airnet.cpp
extern const NetworkType kMaxim;      // nets/maxim.cpp
extern const NetworkType kNafnet;     // nets/nafnet.cpp
extern const NetworkType kPromptIr;   // nets/restormer.cpp
extern const NetworkType kRestormer;  // nets/restormer.cpp
extern const NetworkType kUnet;       // nets/unet.cpp

std::span<const NetworkType* const> network_types() {
  static constexpr const NetworkType* kTypes[] = {&kAirnet, &kMaxim, &kNafnet, &kPromptIr, &kRestormer, &kUnet};
  return kTypes;
}

}  // namespace daclip
