#include "runtime.h"

namespace daclip::app {

void add_runtime_options(CLI::App& verb, RuntimeOptions& options) {
  verb.add_option("--model", options.model,
                  "A model's name (looked for in $DACLIP_MODELS, in ./models and beside the program) or file")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  add_speed_options(verb, options);
}

void add_speed_options(CLI::App& verb, RuntimeOptions& options) {
  verb.add_option("--threads", options.threads, "Threads; 0 takes all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  verb.add_option("--precision", options.precision, "f32, bf16 (faster, needs a processor that has it), or auto")
      ->check(CLI::IsMember({"f32", "bf16", "auto"}))
      ->capture_default_str();
  verb.add_option("--device", options.device, "cpu, or cuda where daclip was built with LibTorch")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
}

void add_views_option(CLI::App& verb, int& views) {
  verb.add_option(
          "--views", views,
          "Restore a photo also turned and mirrored, in 2, 4 or 8 views, and take the mean: better, and so many\n"
          "times slower")
      ->check(CLI::IsMember({1, 2, 4, 8}))
      ->capture_default_str();
}

BackendOptions backend_options(const RuntimeOptions& options) {
  const Precision precision = options.precision == "f32"    ? Precision::f32
                              : options.precision == "bf16" ? Precision::bf16
                                                            : Precision::automatic;
  return {options.device, options.threads, precision};
}

Model open_model(const RuntimeOptions& options, bool text_tower) {
  const BackendOptions backend = backend_options(options);
  return Model::load(options.model, {backend.device, backend.precision, text_tower});
}

}  // namespace daclip::app
