// Finding a restoration network by its name or by a checkpoint.
#pragma once

#include "restoration/restoration_network.h"

namespace daclip {

// All known types, in the order of registry.cpp.
std::span<const NetworkType* const> network_types();

// By NetworkType::name. Throws FormatError listing the known names.
const NetworkType& network_type(std::string_view name);

// By a checkpoint's tensor names; null where no network has them.
const NetworkType* matching_network_type(const NamedArrays& arrays);

}  // namespace daclip
