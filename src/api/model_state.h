// The implementation of Model (daclip/model.h). It is immutable, so that sessions on several threads can share it.
#pragma once

#include <memory>
#include <mutex>

#include "daclip/model.h"
#include "model/model.h"
#include "ops/backend.h"

namespace daclip {

struct ModelState {
  ModelOptions options;  // with the precision that `automatic` was resolved to
  LoadedModel model;

  // The backend that loaded the weights, until a session takes it over.
  mutable std::mutex mutex;
  mutable std::unique_ptr<Backend> loader;
};

// A backend like the model's, for one session. The first session on all cores takes over the backend that loaded the
// weights, and with it the memory that packing them frees.
std::unique_ptr<Backend> session_backend(const ModelState& state, int threads);

}  // namespace daclip
