#include "version.h"

#include <daclip/version.h>

#include "backend/make_backend.h"
#include "commit.h"
#include "core/error.h"
#include "image/formats.h"

namespace daclip::app {
namespace {

#ifdef DACLIP_BRISQUE
constexpr bool kBrisque = true;
#else
constexpr bool kBrisque = false;
#endif

const char* yes_or_no(bool value) { return value ? "yes" : "no"; }

}  // namespace

std::string version_text() {
  const std::string_view commit = DACLIP_COMMIT;
  return cat("daclip " DACLIP_VERSION "\n", commit.empty() ? "" : cat("commit    ", commit, "\n"), "pictures  ",
             readable_titles(", "), "\n",
             "engine    native CPU; bfloat16 on this processor: ", yes_or_no(cpu_has_bf16()), "\nLibTorch  ",
             yes_or_no(!find_torch_plugin().empty()), "\nBRISQUE   ", yes_or_no(kBrisque));
}

}  // namespace daclip::app
