// The options that name a model and how to run it, and both of them ready to use.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "ops/backend.h"
#include "pipeline/model.h"

namespace daclip::app {

struct RuntimeOptions {
  std::string model = "compact";
  int threads = 0;                 // 0: one for each core
  std::string precision = "auto";  // "f32", "bf16", or "auto": bf16 where the processor has it
};

void add_runtime_options(CLI::App& verb, RuntimeOptions& options);

struct Runtime {
  std::unique_ptr<Backend> backend;
  Model model;
};

// The text tower only where words are to be read. Throws what find_model, read_model_file and load_model throw, and
// DeviceError for a precision this machine lacks.
Runtime open_runtime(const RuntimeOptions& options, bool text_tower = false);

// "98 %", never rounded up to 100.
std::string percent(float probability);

}  // namespace daclip::app
