// Gradient clipping by the norm over all parameters.
#pragma once

#include "train/params.h"

namespace daclip {

// The Euclidean norm of all gradients together, before scaling them so that it is at most max_norm (> 0). As torch's
// clip_grad_norm_, the factor is max_norm / (norm + 1e-6). With max_norm infinite nothing is scaled.
double clip_grad_norm(const NamedParams& params, double max_norm);

}  // namespace daclip
