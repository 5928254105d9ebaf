// daclip-train: trains the small CLIP, its controller and the restorer, and writes the three into one model file.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/range.h"
#include "train/config.h"
#include "train/export.h"
#include "train/memory.h"
#include "train/stage.h"
#include "train/trainer.h"
#include "weights/safetensors.h"

namespace {

std::atomic<bool> interrupted = false;

constexpr int kInterrupted = 3;  // exit code: saved before its end, by SIGTERM or SIGINT

extern "C" void on_signal(int) { interrupted = true; }

struct ExportArguments {
  std::string daclip, earlier, damage, instruction, restorer, out, name = "compact";
  std::vector<std::string> damage_bias;
  double clean_prior = 1, earlier_share = 0.5, controller_weight = 0;
};

// Options that are given replace keys of [run].
struct TrainArguments {
  std::string config;
  bool resume = false;
  std::optional<int64_t> steps, stop_after;
  std::optional<double> minutes;
  std::optional<int> threads, loader_threads;
  std::optional<std::string> out, device, precision;
};

using MakeStage = std::unique_ptr<daclip::Stage> (*)(const daclip::TrainConfig&);

void require(const char* option, double value, const daclip::Range& range) {
  if (!range.contains(value))
    throw daclip::UsageError(daclip::cat(option, ": ", value, ": expected ", daclip::range_text(range)));
}

daclip::TrainConfig effective_config(const TrainArguments& arguments) {
  daclip::TrainConfig config = daclip::read_train_config(arguments.config);
  daclip::RunConfig& run = config.run;
  run.steps = arguments.steps.value_or(run.steps);
  run.minutes = arguments.minutes.value_or(run.minutes);
  run.threads = arguments.threads.value_or(run.threads);
  run.loader_threads = arguments.loader_threads.value_or(run.loader_threads);
  run.out = arguments.out.value_or(run.out);
  run.device = arguments.device.value_or(run.device);
  run.precision = arguments.precision.value_or(run.precision);
  daclip::validate(config);
  return config;
}

int train(const TrainArguments& arguments, MakeStage make_stage) {
  const daclip::TrainConfig config = effective_config(arguments);
  if (arguments.stop_after) require("--stop-after", double(*arguments.stop_after), daclip::at_least(1));
  daclip::keep_freed_memory();
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  const auto stage = make_stage(config);
  daclip::TrainerOptions options;
  options.resume = arguments.resume;
  options.stop_after = arguments.stop_after.value_or(0);
  options.interrupt = &interrupted;
  const daclip::TrainerResult result = daclip::train(*stage, config, options);
  std::fprintf(stderr, "%s: %lld steps done%s, checkpoint in %s\n", stage->name().c_str(), (long long)result.step,
               result.interrupted ? " (interrupted; go on with --resume)" : "", config.run.out.c_str());
  return result.interrupted ? kInterrupted : 0;
}

// "noisy=0.5", ... by label.
std::map<std::string, double> parse_biases(const std::vector<std::string>& texts) {
  std::map<std::string, double> biases;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    char* end = nullptr;
    const double value = equals == std::string::npos ? 0 : std::strtod(text.c_str() + equals + 1, &end);
    if (end == nullptr || end == text.c_str() + equals + 1 || *end != 0)
      throw daclip::UsageError(daclip::cat("--damage-bias ", text, ": expected LABEL=NUMBER"));
    require("--damage-bias", value, daclip::between(-30, 30));
    biases[text.substr(0, equals)] = value;
  }
  return biases;
}

int export_file(const ExportArguments& arguments) {
  require("--earlier-share", arguments.earlier_share, daclip::between(0, 1));
  require("--controller-weight", arguments.controller_weight, daclip::between(0, 10));
  require("--clean-prior", arguments.clean_prior, daclip::between(1e-6, 1e6));
  daclip::ExportOptions options;
  options.daclip = arguments.daclip;
  options.earlier = arguments.earlier;
  options.earlier_share = arguments.earlier_share;
  options.damage = arguments.damage;
  options.controller_weight = arguments.controller_weight;
  options.damage_bias = parse_biases(arguments.damage_bias);
  options.instruction = arguments.instruction;
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
                   "Checkpoint or model file that this controller was trained from; both are averaged");
  verb->add_option("--earlier-share", arguments.earlier_share, "Its fraction of the average, 0 to 1")
      ->capture_default_str();
  verb->add_option("--damage", arguments.damage, "Checkpoint of the damage stage; without it the controller decides");
  verb->add_option("--damage-bias", arguments.damage_bias, "Added to a kind's log odds, e.g. noisy=0.5")
      ->type_name("LABEL=NUMBER");
  verb->add_option("--controller-weight", arguments.controller_weight,
                   "How much of the controller's log odds is added to the damage network's, 0 to 10")
      ->capture_default_str();
  verb->add_option("--instruction", arguments.instruction,
                   "Checkpoint of the instruction stage; without it the model reads no instructions");
  verb->add_option(
      "--restorer", arguments.restorer,
      "Checkpoint of the restorer or diffusion stage, or a model file; without it the model only recognises");
  verb->add_option("-o,--output", arguments.out, "The model file, .safetensors")->required();
  verb->add_option("--name", arguments.name, "The model's name")->capture_default_str();
  verb->add_option("--clean-prior", arguments.clean_prior,
                   "How many times likelier a good photo is in use than in training, 0.000001 to 1000000")
      ->capture_default_str();
  verb->callback([&arguments, &action] { action = [&arguments] { return export_file(arguments); }; });
}

void add_train_verb(CLI::App& app, const std::string& name, const std::string& help, TrainArguments& arguments,
                    MakeStage make_stage, std::function<int()>& action) {
  CLI::App* verb = app.add_subcommand(name, help);
  verb->add_option("config", arguments.config, "Configuration, TOML (configs/compact-*.toml)")->required();
  verb->add_flag("--resume", arguments.resume, "Continue from the folder's latest checkpoint");
  verb->add_option("--steps", arguments.steps, "Length of the run, in place of run.steps");
  verb->add_option("--minutes", arguments.minutes, "Length of the run by the clock, in place of run.minutes");
  verb->add_option("--stop-after", arguments.stop_after, "Stop with a checkpoint once this many steps are done");
  verb->add_option("--threads", arguments.threads, "Threads of LibTorch, in place of run.threads");
  verb->add_option("--loader-threads", arguments.loader_threads,
                   "Threads that degrade photos, in place of run.loader_threads");
  verb->add_option("--out", arguments.out, "Folder for checkpoints and log, in place of run.out");
  verb->add_option("--device", arguments.device, "cpu or cuda, in place of run.device");
  verb->add_option("--precision", arguments.precision, "f32 or bf16, on cuda also tf32; in place of run.precision");
  verb->callback([&arguments, &action, make_stage] {
    action = [&arguments, make_stage] { return train(arguments, make_stage); };
  });
}

}  // namespace

int main(int argc, char** argv) {
  daclip::prepare_signals();
  CLI::App app("Trains daclip's networks.", "daclip-train");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of every verb");
  TrainArguments arguments;
  std::function<int()> action;
  add_train_verb(app, "clip", "Train the small CLIP on photos and captions", arguments, daclip::make_clip_stage,
                 action);
  add_train_verb(app, "controller", "Train the controller over a frozen CLIP", arguments, daclip::make_controller_stage,
                 action);
  add_train_verb(app, "damage", "Train the network that says which kinds of damage a photo shows", arguments,
                 daclip::make_damage_stage, action);
  add_train_verb(app, "instruction", "Train the network that understands instructions in words", arguments,
                 daclip::make_instruction_stage, action);
  add_train_verb(app, "restorer", "Train a restoration network (NAFNet), blind or steered by a DA-CLIP", arguments,
                 daclip::make_restorer_stage, action);
  add_train_verb(app, "diffusion", "Train a diffusion network (IR-SDE), blind or steered by a DA-CLIP", arguments,
                 daclip::make_diffusion_stage, action);
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
