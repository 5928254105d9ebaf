// The fields of a configured network as JSON, for comparison.
#pragma once

#include "model/json_visitors.h"
#include "restoration/restoration_network.h"

namespace daclip::test {

// {"restorer": {"width": 32, ...}, "sde": {...}}
inline nlohmann::ordered_json fields_of(const RestorationNetwork& network) {
  nlohmann::ordered_json json;
  JsonWriter writer(json, "restorer", Sections::beside);
  network.clone()->visit(writer);
  return json;
}

}  // namespace daclip::test
