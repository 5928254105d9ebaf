// Whether the tensors of a file are those that a configuration needs.
#pragma once

#include <string>
#include <vector>

#include "restoration/weight_spec.h"
#include "weights/named_arrays.h"

namespace daclip {

// Throws WeightsError with missing, unexpected and mismatched tensors, all in one message that begins with `where`.
void check_tensors(const std::vector<WeightSpec>& expected, const NamedArrays& arrays, const std::string& where);

}  // namespace daclip
