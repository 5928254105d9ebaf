// daclip-train: trains the small CLIP, its controller and the restorer, and puts the three into one model file.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>

#include "core/error.h"
#include "train/config.h"
#include "train/export.h"
#include "train/stage.h"
#include "train/trainer.h"
#include "weights/safetensors.h"

namespace {

std::atomic<bool> interrupted = false;

constexpr int kInterrupted = 3;  // exit code: saved before its end, by SIGTERM or SIGINT

extern "C" void on_signal(int) { interrupted = true; }

struct ExportArguments {
  std::string daclip, earlier, restorer, out, name = "compact";
  double clean_prior = 1, earlier_share = 0.5;
};

struct TrainArguments {
  std::string config, out, device, precision;
  bool resume = false;
  int64_t steps = 0, stop_after = 0;
  double minutes = 0;
  int threads = -1, loader_threads = -1;
};

using MakeStage = std::unique_ptr<daclip::Stage> (*)(const daclip::TrainConfig&);

int train(const TrainArguments& arguments, MakeStage make_stage) {
  daclip::TrainConfig config = daclip::read_train_config(arguments.config);
  if (arguments.steps > 0) config.run.steps = arguments.steps;
  if (arguments.minutes > 0) config.run.minutes = arguments.minutes;
  if (arguments.threads >= 0) config.run.threads = arguments.threads;
  if (arguments.loader_threads >= 1) config.run.loader_threads = arguments.loader_threads;
  if (!arguments.out.empty()) config.run.out = arguments.out;
  if (!arguments.device.empty()) config.run.device = arguments.device;
  if (!arguments.precision.empty()) config.run.precision = arguments.precision;
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  const auto stage = make_stage(config);
  daclip::TrainerOptions options;
  options.resume = arguments.resume;
  options.stop_after = arguments.stop_after;
  options.interrupt = &interrupted;
  const daclip::TrainerResult result = daclip::train(*stage, config, options);
  std::fprintf(stderr, "%s: %lld steps done%s, checkpoint in %s\n", stage->name().c_str(), (long long)result.step,
               result.interrupted ? " (interrupted; go on with --resume)" : "", config.run.out.c_str());
  return result.interrupted ? kInterrupted : 0;
}

int export_file(const ExportArguments& arguments) {
  daclip::ExportOptions options;
  options.daclip = arguments.daclip;
  options.earlier = arguments.earlier;
  options.earlier_share = arguments.earlier_share;
  options.restorer = arguments.restorer;
  options.name = arguments.name;
  options.clean_prior = arguments.clean_prior;
  const daclip::NamedArrays model = daclip::export_model(options);
  daclip::write_safetensors(arguments.out, model);
  std::fprintf(stderr, "%s: %zu tensors written\n", arguments.out.c_str(), model.arrays.size());
  return 0;
}

void add_export_verb(CLI::App& app, ExportArguments& arguments, std::function<int()>& action) {
  CLI::App* verb = app.add_subcommand("export", "Write checkpoints as a model file for daclip, in half precision");
  verb->add_option("--daclip", arguments.daclip, "Checkpoint of the controller stage, or a model file")->required();
  verb->add_option("--earlier", arguments.earlier,
                   "Checkpoint or model file that this controller came from by more training; both are averaged");
  verb->add_option("--earlier-share", arguments.earlier_share, "Its share in the average")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb->add_option("--restorer", arguments.restorer,
                   "Checkpoint of the restorer stage; without it the model only recognises");
  verb->add_option("-o,--output", arguments.out, "The model file, .safetensors")->required();
  verb->add_option("--name", arguments.name, "The model's name")->capture_default_str();
  verb->add_option("--clean-prior", arguments.clean_prior,
                   "How many times likelier a good photo is among those restored than in training")
      ->check(CLI::Range(1e-6, 1e6))
      ->capture_default_str();
  verb->callback([&arguments, &action] { action = [&arguments] { return export_file(arguments); }; });
}

void add_train_verb(CLI::App& app, const std::string& name, const std::string& help, TrainArguments& arguments,
                    MakeStage make_stage, std::function<int()>& action) {
  CLI::App* verb = app.add_subcommand(name, help);
  verb->add_option("config", arguments.config, "Configuration, TOML (configs/compact-*.toml)")->required();
  verb->add_flag("--resume", arguments.resume, "Go on from the folder's latest checkpoint");
  verb->add_option("--steps", arguments.steps, "Length of the run, in place of run.steps")->check(CLI::PositiveNumber);
  verb->add_option("--minutes", arguments.minutes, "Length of the run by the clock, in place of run.minutes")
      ->check(CLI::PositiveNumber);
  verb->add_option("--stop-after", arguments.stop_after, "Stop with a checkpoint once this many steps are done");
  verb->add_option("--threads", arguments.threads, "Threads of LibTorch, in place of run.threads");
  verb->add_option("--loader-threads", arguments.loader_threads,
                   "Threads that degrade photos, in place of run.loader_threads");
  verb->add_option("--out", arguments.out, "Folder for checkpoints and log, in place of run.out");
  verb->add_option("--device", arguments.device, "cpu or cuda, in place of run.device")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  verb->add_option("--precision", arguments.precision, "f32; on cuda also tf32 and bf16; in place of run.precision")
      ->check(CLI::IsMember({"f32", "tf32", "bf16"}));
  verb->callback([&arguments, &action, make_stage] {
    action = [&arguments, make_stage] { return train(arguments, make_stage); };
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains daclip's networks.", "daclip-train");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of every verb");
  TrainArguments arguments;
  std::function<int()> action;
  add_train_verb(app, "clip", "Train the small CLIP on photos and captions", arguments, daclip::make_clip_stage,
                 action);
  add_train_verb(app, "controller", "Train the controller over a frozen CLIP", arguments, daclip::make_controller_stage,
                 action);
  add_train_verb(app, "restorer", "Train NAFNet, blind or steered by a DA-CLIP", arguments, daclip::make_restorer_stage,
                 action);
  ExportArguments export_arguments;
  add_export_verb(app, export_arguments, action);
  try {
    app.parse(argc, argv);
    return action();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const daclip::UsageError& error) {
    std::fprintf(stderr, "daclip-train: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "daclip-train: %s\n", error.what());
    return 1;
  }
}
