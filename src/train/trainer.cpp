#include "train/trainer.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>

#include "core/clock.h"
#include "core/error.h"
#include "train/checkpoint.h"
#include "train/clip_grad.h"
#include "train/ema.h"
#include "train/lr_schedule.h"
#include "train/optimizer.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

std::string duration(double seconds) {
  char text[32];
  const auto s = int64_t(seconds);
  std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", (long long)(s / 3600), (long long)(s / 60 % 60),
                (long long)(s % 60));
  return text;
}

class Loop {
 public:
  Loop(Stage& stage, const TrainConfig& config, const TrainerOptions& options)
      : stage_(stage), config_(config), options_(options), folder_(config.run.out),
        optimizer_(stage.params(), config.optimizer), ema_(stage.params(), ema_options(config)) {}

  TrainerResult run() {
    start();
    const int64_t first = step_;
    begin_ = Clock::now();
    window_ = begin_;
    bool end = ended(), last = end || stopped();
    while (!last && !interrupted()) {
      update();
      end = ended();  // once a step, since by the clock it may change between two calls
      last = end || stopped();
      if (step_ % config_.run.log_interval == 0 || last) report();
      const bool validate = config_.run.validate_interval > 0 && (step_ % config_.run.validate_interval == 0 || end);
      if (validate) validate_now();
      if (step_ % config_.run.checkpoint_interval == 0 && !last) save();
    }
    if (step_ > first) save();
    return {step_, !last};
  }

 private:
  bool by_clock() const { return config_.run.minutes > 0; }
  double seconds() const { return earlier_ + seconds_since(begin_); }
  bool ended() const { return by_clock() ? seconds() >= 60 * config_.run.minutes : step_ >= config_.run.steps; }
  bool stopped() const { return options_.stop_after > 0 && step_ >= options_.stop_after; }

  // Total steps of the run. For a timed run, extrapolated from the pace so far.
  int64_t all_steps() const {
    if (!by_clock()) return config_.run.steps;
    return std::max(step_ + 1, int64_t(double(step_) * 60 * config_.run.minutes / std::max(1e-3, seconds())));
  }

  static EmaOptions ema_options(const TrainConfig& config) {
    EmaOptions options;
    options.beta = config.optimizer.ema;
    options.update_every = config.optimizer.ema_every;
    options.update_after = config.optimizer.ema_after;
    return options;
  }

  bool interrupted() const { return options_.interrupt && options_.interrupt->load(); }

  void start() {
    const fs::path latest = folder_ / "latest.safetensors";
    if (!options_.resume) {
      if (fs::exists(latest))
        throw UsageError(cat(latest.string(), ": there is a run already; resume it or choose another folder"));
      std::error_code error;
      fs::create_directories(folder_, error);
      if (error) throw IoError(cat(folder_.string(), ": ", error.message()));
    } else {
      if (!fs::exists(latest)) throw UsageError(cat(latest.string(), ": nothing to resume"));
      load(read_checkpoint(latest, stage_.name()));
    }
    log_.open(folder_ / "log.jsonl", std::ios::app);
    if (!log_) throw IoError(cat((folder_ / "log.jsonl").string(), ": cannot be written"));
  }

  void update() {
    const OptimizerConfig& o = config_.optimizer;
    const double lr = learning_rate(o, step_, all_steps());
    Json parts = Json::object();
    forget_gradients(stage_.params());
    last_loss_ = 0;
    for (int64_t i = 0; i < o.accumulate; ++i) {
      const torch::Tensor loss = stage_.loss(step_ * o.accumulate + i, parts) / double(o.accumulate);
      loss.backward();
      last_loss_ += loss.item<double>();
    }
    const double limit = o.clip > 0 ? o.clip : std::numeric_limits<double>::infinity();
    const double norm = clip_grad_norm(stage_.params(), limit);
    // Such a gradient must not reach the weights.
    if (!std::isfinite(last_loss_) || !std::isfinite(norm))
      throw Error(cat("step ", step_, ": loss ", last_loss_, ", gradient norm ", norm, " are not finite"));
    optimizer_.step(lr);
    stage_.after_update();
    ema_.update();
    ++step_;
    sum_ += last_loss_;
    ++summed_;
    norm_ = norm;
    lr_ = lr;
    parts_ = std::move(parts);
    if (options_.on_step) options_.on_step(step_, last_loss_);
  }

  void report() {
    const double rate = double(summed_) / std::max(1e-9, seconds_since(window_));
    const int64_t last = options_.stop_after > 0 ? std::min(options_.stop_after, all_steps()) : all_steps();
    const double eta = double(std::max<int64_t>(0, last - step_)) * seconds() / double(step_);
    Json line = {{"step", step_},
                 {"loss", sum_ / double(summed_)},
                 {"lr", lr_},
                 {"grad_norm", norm_},
                 {"steps_per_second", rate}};
    for (const auto& [key, value] : parts_.items()) line[key] = value;
    write(line);
    if (options_.progress) {
      const bool terminal = isatty(STDERR_FILENO);
      std::fprintf(stderr, "%s%s %lld/%lld  loss %.5f  lr %.2e  norm %.3f  %.2f steps/s  left %s%s",
                   terminal ? "\r" : "", stage_.name().c_str(), (long long)step_, (long long)last,
                   sum_ / double(summed_), lr_, norm_, rate, duration(eta).c_str(), terminal ? "\033[K" : "\n");
    }
    sum_ = 0;
    summed_ = 0;
    window_ = Clock::now();
  }

  void validate_now() {
    std::string summary;
    const Json figures = stage_.validate(ema_.averages(), summary);
    write({{"step", step_}, {"validation", figures}});
    if (options_.progress)
      std::fprintf(stderr, "%svalidation at %lld: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", (long long)step_,
                   summary.c_str());
    window_ = Clock::now();
  }

  void write(const Json& line) {
    log_ << line.dump() << '\n';
    log_.flush();
  }

  void save() {
    Checkpoint checkpoint;
    checkpoint.stage = stage_.name();
    checkpoint.step = step_;
    checkpoint.config = effective_config();
    checkpoint.metadata = {{"seconds", seconds()}};
    store_params(stage_.params(), checkpoint.arrays, "weights.");
    store_params(ema_.averages(), checkpoint.arrays, "ema.");
    for (const auto& [prefix, means] : optimizer_.state()) store_params(*means, checkpoint.arrays, prefix);
    stage_.store(checkpoint.arrays, checkpoint.metadata);
    write_checkpoint(folder_, checkpoint);
  }

  TrainConfig effective_config() const {
    TrainConfig config = stage_.config();
    config.run = config_.run;
    return config;
  }

  // A resumed run may change its length, data or learning rate, but not what is trained. Says what it changes.
  void compare(const TrainConfig& before) const {
    const std::vector<std::string> fixed = stage_.trained_sections();
    std::string lines;
    for (const auto& [key, old, now] : changed_keys(before, effective_config())) {
      const std::string line = cat(key.text(), ": ", old, " in the checkpoint, ", now, " now");
      if (std::ranges::find(fixed, key.section) != fixed.end() || key.text() == "optimizer.kind")
        throw UsageError(cat(line, ": a resumed run cannot change it"));
      lines += line + '\n';
    }
    if (options_.progress) std::fputs(lines.c_str(), stderr);
  }

  void load(const Checkpoint& checkpoint) {
    compare(checkpoint.config);
    const auto all = [&](NamedParams& params, const std::string& prefix) {
      const std::vector<std::string> missing = load_params(params, checkpoint.arrays, prefix);
      if (!missing.empty())
        throw WeightsError(cat(folder_.string(), ": the checkpoint lacks ", prefix, missing.front()));
    };
    all(stage_.params(), "weights.");
    all(ema_.averages(), "ema.");
    for (const auto& [prefix, means] : optimizer_.state()) all(*means, prefix);
    optimizer_.set_steps(checkpoint.step);
    ema_.set_steps(checkpoint.step);
    step_ = checkpoint.step;
    earlier_ = checkpoint.metadata.value("seconds", 0.0);
  }

  Stage& stage_;
  const TrainConfig& config_;
  const TrainerOptions& options_;
  fs::path folder_;
  Optimizer optimizer_;
  Ema ema_;
  std::ofstream log_;
  int64_t step_ = 0, summed_ = 0;
  double earlier_ = 0;  // seconds of the run before this process
  double sum_ = 0, last_loss_ = 0, norm_ = 0, lr_ = 0;
  Json parts_;
  Clock::time_point begin_, window_;
};

}  // namespace

TrainerResult train(Stage& stage, const TrainConfig& config, const TrainerOptions& options) {
  return Loop(stage, config, options).run();
}

}  // namespace daclip
