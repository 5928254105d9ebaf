#include "version.h"

#include <daclip/version.h>

#include "commit.h"
#include "engine/native_backend.h"

namespace daclip::app {
namespace {

#ifdef DACLIP_BRISQUE
constexpr bool kBrisque = true;
#else
constexpr bool kBrisque = false;
#endif

#ifdef DACLIP_TORCH  // defined where the program can reach the LibTorch backend
constexpr bool kTorch = true;
#else
constexpr bool kTorch = false;
#endif

const char* yes_or_no(bool value) { return value ? "yes" : "no"; }

}  // namespace

std::string version_text() {
  const std::string_view commit = DACLIP_COMMIT;
  return cat("daclip " DACLIP_VERSION "\n", commit.empty() ? "" : cat("commit    ", commit, "\n"),
             "pictures  JPEG, PNG, WebP, TIFF, BMP\n",
             "engine    native CPU; bfloat16 on this processor: ", yes_or_no(NativeBackend::supports(DType::bf16)),
             "\n", "LibTorch  ", yes_or_no(kTorch), "\n",  //
             "BRISQUE   ", yes_or_no(kBrisque));
}

}  // namespace daclip::app
