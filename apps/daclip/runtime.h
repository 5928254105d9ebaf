// The options that name a model and how to run it, and both of them ready to use.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "engine/native_backend.h"
#include "model/model.h"

namespace daclip::app {

struct RuntimeOptions {
  std::string model = "compact";
  int threads = 0;                 // 0: one for each core
  std::string precision = "auto";  // "f32", "bf16", or "auto": bf16 where the processor has it
};

// --model, --threads and --precision; the last two alone.
void add_runtime_options(CLI::App& verb, RuntimeOptions& options);
void add_speed_options(CLI::App& verb, RuntimeOptions& options);

// --views: RestoreOptions::views.
void add_views_option(CLI::App& verb, int& views);

struct Runtime {
  std::unique_ptr<NativeBackend> backend;
  Model model;
};

// The text tower only where words are to be read. Throws what find_model, read_model_file and load_model throw, and
// DeviceError for a precision this machine lacks.
Runtime open_runtime(const RuntimeOptions& options, bool text_tower = false);

// Throws DeviceError for a precision this machine lacks.
std::unique_ptr<NativeBackend> open_backend(const RuntimeOptions& options);

// As the system calls it, or "unknown processor".
std::string processor_name();

// "98 %", never rounded up to 100.
std::string percent(float probability);

// What to make of photos whose recognition is unsure (pipeline/confidence.h), in one line.
std::string unsure_note(size_t photos);

}  // namespace daclip::app
