#include "core/error.h"
#include "nets/registry.h"

namespace daclip {

const NetworkType& network_type(std::string_view name) {
  std::string known;
  for (const NetworkType* type : network_types()) {
    if (type->name == name) return *type;
    known += cat(known.empty() ? "" : ", ", type->name);
  }
  throw FormatError(cat("restorer.network: \"", name, "\": expected one of ", known));
}

const NetworkType* matching_network_type(const NamedArrays& arrays) {
  for (const NetworkType* type : network_types())
    if (type->matches(arrays)) return type;
  return nullptr;
}

}  // namespace daclip
