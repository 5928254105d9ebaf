// A minimal restoration network, a residual convolution, as an example of adding a network.
#pragma once

#include "restoration/direct_network.h"

namespace daclip::test {

struct ToyConfig {
  int kernel = 3;  // odd
};

void visit(ConfigVisitor& visitor, ToyConfig& config);
void validate(const ToyConfig& config);

std::unique_ptr<DirectNetwork> make_toy(const ToyConfig& config);

}  // namespace daclip::test
