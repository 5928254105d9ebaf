// Checks that a file holds exactly the tensors that a configuration needs.
#pragma once

#include <string>
#include <vector>

#include "restoration/weight_spec.h"
#include "weights/named_arrays.h"

namespace daclip {

// Throws WeightsError listing missing, unexpected and mismatched tensors in one message that starts with `where`.
void check_tensors(const std::vector<WeightSpec>& expected, const NamedArrays& arrays, const std::string& where);

}  // namespace daclip
