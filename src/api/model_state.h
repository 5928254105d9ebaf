// The implementation of Model (daclip/model.h). It is immutable, so that sessions on several threads can share it.
#pragma once

#include <memory>

#include "daclip/model.h"
#include "model/model.h"
#include "ops/backend.h"

namespace daclip {

struct ModelState {
  ModelOptions options;           // with the resolved precision instead of `automatic`
  std::unique_ptr<Backend> home;  // holds the weights; each session computes on another backend
  LoadedModel model;
};

// Creates a backend for one session, of the same kind and precision as the model's.
std::unique_ptr<Backend> session_backend(const ModelState& state, int threads);

}  // namespace daclip
