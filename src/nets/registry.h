// Finds restoration networks by name or by a checkpoint's tensors.
#pragma once

#include "restoration/restoration_network.h"

namespace daclip {

// All known types, in the order of registry.cpp.
std::span<const NetworkType* const> network_types();

// The type of this name. Throws FormatError listing the known names.
const NetworkType& network_type(std::string_view name);

// The type that matches a checkpoint's tensor names; null if there is none.
const NetworkType* matching_network_type(const NamedArrays& arrays);

}  // namespace daclip
