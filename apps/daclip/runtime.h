// The options that name a model and how to run it.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "backend/make_backend.h"
#include "daclip/model.h"

namespace daclip::app {

struct RuntimeOptions {
  std::string model = "compact";
  int threads = 0;                 // 0: one for each core
  std::string precision = "auto";  // "f32", "bf16", or "auto": bf16 where the device computes in it
  std::string device = "cpu";      // "cpu" or "cuda"
};

// --model, --threads, --precision and --device; the last three alone.
void add_runtime_options(CLI::App& verb, RuntimeOptions& options);
void add_speed_options(CLI::App& verb, RuntimeOptions& options);

// --views: RestoreOptions::views.
void add_views_option(CLI::App& verb, int& views);

// The text tower only where words are to be read. Throws what Model::load() throws.
Model open_model(const RuntimeOptions& options, bool text_tower = false);

BackendOptions backend_options(const RuntimeOptions& options);

}  // namespace daclip::app
