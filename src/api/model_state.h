// What stands behind a Model (daclip/model.h). Read-only once made, so that sessions on several threads share it.
#pragma once

#include <memory>

#include "daclip/model.h"
#include "model/model.h"
#include "ops/backend.h"

namespace daclip {

struct ModelState {
  ModelOptions options;           // with the precision that `automatic` became
  std::unique_ptr<Backend> home;  // which the weights were put onto; sessions compute on backends of their own
  LoadedModel model;
};

// A backend like the model's, for one session.
std::unique_ptr<Backend> session_backend(const ModelState& state, int threads);

}  // namespace daclip
