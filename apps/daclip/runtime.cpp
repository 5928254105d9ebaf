#include "runtime.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "engine/native_backend.h"

namespace daclip::app {

void add_runtime_options(CLI::App& verb, RuntimeOptions& options) {
  verb.add_option("--model", options.model,
                  "A model's name (looked for in $DACLIP_MODELS and beside the program) or file")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  verb.add_option("--threads", options.threads, "Threads; 0 takes all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  verb.add_option("--precision", options.precision, "f32, bf16 (faster, needs a processor that has it), or auto")
      ->check(CLI::IsMember({"f32", "bf16", "auto"}))->capture_default_str();
}

Runtime open_runtime(const RuntimeOptions& options, bool text_tower) {
  const ModelFile file = read_model_file(find_model(options.model));
  NativeOptions native;
  native.threads = options.threads;
  const bool fast =
      options.precision == "bf16" || (options.precision == "auto" && NativeBackend::supports(DType::bf16));
  native.precision = fast ? DType::bf16 : DType::f32;
  Runtime runtime;
  runtime.backend = std::make_unique<NativeBackend>(native);
  runtime.model = load_model(*runtime.backend, file, text_tower);
  return runtime;
}

std::string percent(float probability) {
  const int value = std::min(int(std::lround(100 * double(probability))), probability < 1 ? 99 : 100);
  return cat(value, " %");
}

}  // namespace daclip::app
