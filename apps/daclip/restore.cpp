#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>

#include "core/error.h"
#include "formats.h"
#include "image/formats.h"
#include "inputs.h"
#include "pipeline/confidence.h"
#include "pipeline/restorer.h"
#include "pipeline/words.h"
#include "progress.h"
#include "report.h"
#include "runtime.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct RestoreArguments {
  std::vector<std::string> inputs;
  OutputOptions output;
  RuntimeOptions runtime;
  RestoreOptions restore;
  std::string mask, report, report_note;
  std::string prompt, caption, clean, zero_context;
  std::string sampler;  // empty: the default
  std::optional<uint64_t> seed;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Decodes the next picture while the network works on this one.
class Prefetch {
 public:
  explicit Prefetch(const std::vector<Job>& jobs) : jobs_(jobs) {}

  Image take(size_t index) {
    Image image = next_.valid() && next_index_ == index ? next_.get() : read_input(jobs_[index].input);
    for (next_index_ = index + 1; next_index_ < jobs_.size() && jobs_[next_index_].exists;) ++next_index_;
    if (next_index_ < jobs_.size())
      next_ = std::async(std::launch::async, [&job = jobs_[next_index_]] { return read_input(job.input); });
    return image;
  }

 private:
  const std::vector<Job>& jobs_;
  std::future<Image> next_;
  size_t next_index_ = 0;
};

class RestoreRun {
 public:
  RestoreRun(const RestoreArguments& arguments, const Plan& plan, const Runtime& runtime)
      : arguments_(arguments), plan_(plan), restorer_(*runtime.backend, runtime.model), prefetch_(plan.jobs),
        progress_(plan.jobs.size()), report_(runtime.model.config.name, plan.jobs.size(), arguments.report_note) {
    if (runtime.model.config.clip) classifier_.emplace(*runtime.backend, runtime.model);
    // Nothing hangs on what is recognised where it is told.
    recognised_ = arguments.restore.degradation.empty() && !arguments.restore.mask &&
                  arguments.restore.conditioning.degradation.source == EmbeddingChoice::Source::photo;
  }

  int run() {
    for (const std::string& problem : plan_.problems) fail(problem);
    for (size_t i = 0; i < plan_.jobs.size(); ++i) {
      const Job& job = plan_.jobs[i];
      try {
        if (job.exists) {
          ++kept_;
          progress_.line(cat(job.input.path.string(), ": kept ", job.output.string()));
        } else {
          one(i);
        }
      } catch (const std::bad_alloc&) {
        fail(cat(job.input.path.string(), ": not enough memory"));
      } catch (const std::exception& error) {
        fail(named(job, error.what()));
      }
    }
    if (!arguments_.report.empty()) {
      try {
        report_.write(arguments_.report);
      } catch (const Error& error) {
        fail(error.what());
      }
    }
    if (plan_.jobs.size() > 1 || failed_ > 1)
      progress_.line(cat(restored_, " restored", kept_ ? cat(", ", kept_, " kept") : "",
                         failed_ ? cat(", ", failed_, " failed") : ""));
    if (unsure_ > 0) progress_.line(unsure_note(unsure_));
    return failed_ ? kSomeFailed : kAllDone;
  }

 private:
  void one(size_t index) {
    const Job& job = plan_.jobs[index];
    const std::string name = job.input.path.filename().string();
    progress_.show(index, 0, name);
    const Image image = prefetch_.take(index);
    const auto start = std::chrono::steady_clock::now();
    const RestoreResult result =
        restorer_.restore(image, arguments_.restore, [&](double share) { progress_.show(index, share, name); });
    const double seconds = seconds_since(start);
    write_output(job, result.image, *plan_.format, arguments_.output.quality);
    ++restored_;
    std::vector<Prediction> predictions;
    if (classifier_) predictions = classifier_->top(result.conditioning, 3);
    const bool unsure = recognised_ && !predictions.empty() && is_unsure(predictions.front().probability);
    if (unsure) ++unsure_;
    const std::string evaluations = cost(result);
    progress_.line(cat(job.input.path.string(), " -> ", job.output.string(), ": ", unsure ? "unsure, " : "",
                       summary(result, predictions), ", ", evaluations.empty() ? "" : evaluations + ", ",
                       rounded(seconds), " s"));
    if (!arguments_.report.empty())
      report_.add({name, result.degradation, predictions, !arguments_.restore.degradation.empty(), result.untouched,
                   unsure, evaluations, seconds},
                  image, result.image);
  }

  // What sampling took, of models that sample.
  static std::string cost(const RestoreResult& result) {
    if (result.evaluations <= 1) return "";
    return cat(result.evaluations, " evaluations", result.tiles > 1 ? cat(" of ", result.tiles, " tiles") : "");
  }

  std::string summary(const RestoreResult& result, const std::vector<Prediction>& predictions) const {
    if (predictions.empty()) return "restored";
    const Prediction& best = predictions.front();
    if (!arguments_.prompt.empty())
      return cat("steered by \"", arguments_.prompt, "\", looks ", best.label, " (", percent(best.probability), ")");
    if (result.untouched) return cat("clean (", percent(best.probability), "), left as it is");
    if (result.degradation == best.label) return cat(best.label, " (", percent(best.probability), ")");
    return cat("taken as ", result.degradation, ", looks ", best.label, " (", percent(best.probability), ")");
  }

  static std::string rounded(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", seconds);
    return text;
  }

  // Every message names its input once.
  static std::string named(const Job& job, const std::string& message) {
    const std::string name = job.input.standard_input() ? "standard input" : job.input.path.string();
    const bool has_name = message.starts_with(name) || message.starts_with(job.output.string());
    return has_name ? message : cat(name, ": ", message);
  }

  void fail(const std::string& message) {
    ++failed_;
    progress_.line("daclip: " + message);
  }

  const RestoreArguments& arguments_;
  const Plan& plan_;
  Restorer restorer_;
  std::optional<Classifier> classifier_;
  Prefetch prefetch_;
  Progress progress_;
  Report report_;
  bool recognised_ = true;
  size_t restored_ = 0, kept_ = 0, failed_ = 0, unsure_ = 0;
};

// Contexts of its choice need a model with CLIP whose network takes them, and each of them at most once.
void check_contexts(const Model& model, const RestoreArguments& arguments) {
  const ModelConfig& config = model.config;
  const std::string& zero = arguments.zero_context;
  struct Use {
    const char* context;
    int dim;
    std::vector<std::string> options;
  };
  Use uses[] = {{"content", 0, {}}, {"degradation", 0, {}}};
  if (config.unet) uses[0].dim = config.unet->content_dim, uses[1].dim = config.unet->degradation_dim;
  if (config.restorer) uses[0].dim = config.restorer->content_dim, uses[1].dim = config.restorer->degradation_dim;
  if (!arguments.caption.empty()) uses[0].options.push_back("--caption");
  if (!arguments.clean.empty()) uses[0].options.push_back("--clean");
  if (!arguments.prompt.empty()) uses[1].options.push_back("--prompt");
  if (!arguments.restore.degradation.empty()) uses[1].options.push_back("--degradation");
  for (Use& use : uses) {
    if (zero == use.context || zero == "both") use.options.push_back("--zero-context " + zero);
    if (use.options.size() > 1) throw UsageError(cat(use.options[0], " excludes ", use.options[1]));
    if (use.options.empty() || use.options[0] == "--degradation") continue;
    if (use.dim == 0)
      throw UsageError(cat(use.options[0], ": the network of model ", config.name, " takes no ", use.context));
  }
  const std::string& degradation = arguments.restore.degradation;
  if (degradation.empty() || model.label_index(degradation) >= 0) return;
  if (!config.clip) throw UsageError(cat("--degradation: model ", config.name, " has no CLIP, nothing steers it"));
  std::string known;
  for (const std::string& label : config.labels) known += (known.empty() ? "" : ", ") + label;
  throw UsageError(cat("--degradation ", degradation, " is unknown to this model; it knows ", known));
}

// Steps that the model does not have are refused, and sampling where there is nothing to sample.
void check_sampling(const ModelConfig& config, const RestoreArguments& arguments) {
  const SamplerOptions& sampler = arguments.restore.sampler;
  if (config.unet)
    SamplingPlan(config.sde, sampler.sampler, sampler.steps);
  else if (!arguments.sampler.empty() || sampler.steps > 0 || arguments.seed)
    throw UsageError(cat("model ", config.name, " restores at once: it takes no --sampler, --steps or --seed"));
}

// Embeddings in place of the photo's own.
ConditioningChoice conditioning_of(const RestoreArguments& arguments, const Runtime& runtime) {
  using Source = EmbeddingChoice::Source;
  ConditioningChoice choice;
  if (arguments.zero_context == "content" || arguments.zero_context == "both") choice.content.source = Source::zero;
  if (arguments.zero_context == "degradation" || arguments.zero_context == "both")
    choice.degradation.source = Source::zero;
  if (!arguments.clean.empty()) {
    const Classifier classifier(*runtime.backend, runtime.model);
    choice.content = {Source::image, classifier.clean_content(read_image(arguments.clean))};
  }
  if (arguments.prompt.empty() && arguments.caption.empty()) return choice;
  const TextEncoder words(*runtime.backend, runtime.model);
  if (!arguments.prompt.empty()) choice.degradation = {Source::words, words.embed(arguments.prompt)};
  if (!arguments.caption.empty()) choice.content = {Source::words, words.embed(arguments.caption)};
  return choice;
}

int run_restore(RestoreArguments arguments) {
  const Plan plan = plan_jobs(arguments.inputs, arguments.output);
  const bool words = !arguments.prompt.empty() || !arguments.caption.empty();
  if (!arguments.sampler.empty()) arguments.restore.sampler.sampler = sampler_by_name(arguments.sampler);
  arguments.restore.sampler.seed = arguments.seed.value_or(0);
  const Runtime runtime = open_runtime(arguments.runtime, words);
  check_contexts(runtime.model, arguments);
  check_sampling(runtime.model.config, arguments);
  arguments.restore.conditioning = conditioning_of(arguments, runtime);
  if (!arguments.mask.empty()) arguments.restore.mask = Mask::from_image(read_image(arguments.mask));
  return RestoreRun(arguments, plan, runtime).run();
}

// What stands in the place of what DA-CLIP makes of the photo, and how a diffusion model samples.
void add_model_options(CLI::App& verb, RestoreArguments& arguments) {
  verb.add_option("--degradation", arguments.restore.degradation,
                  "Take this as what is wrong instead of recognising it, e.g. noisy")
      ->type_name("NAME");
  verb.add_option("--prompt", arguments.prompt, "Say in words what is wrong, e.g. \"a rainy photo\"")
      ->type_name("TEXT");
  verb.add_option("--caption", arguments.caption, "Say in words what the photo shows")->type_name("TEXT");
  verb.add_option("--clean", arguments.clean, "Take what the photo shows from this good version of it")
      ->type_name("FILE");
  verb.add_option("--zero-context", arguments.zero_context, "Tell the network nothing: content, degradation or both")
      ->check(CLI::IsMember({"content", "degradation", "both"}));
  const std::vector<std::string_view> samplers = sampler_names();
  verb.add_option("--sampler", arguments.sampler,
                  cat("Diffusion models: how to sample (default ", sampler_name(kDefaultSampler), ")"))
      ->check(CLI::IsMember(std::vector<std::string>(samplers.begin(), samplers.end())));
  verb.add_option("--steps", arguments.restore.sampler.steps,
                  cat("Diffusion models: evaluations of the network (default ", kFewSteps,
                      " for the mars samplers, all that the model was trained with for the others)"))
      ->check(CLI::Range(1, 1 << 16));
  verb.add_option("--seed", arguments.seed, "Diffusion models: another number gives another sample (default 0)");
}

}  // namespace

void add_restore(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<RestoreArguments>();
  CLI::App& verb = *program.add_subcommand("restore", "Recognise what is wrong with photos and repair them");
  verb.add_option("IN", arguments->inputs,
                  cat("Photos (", readable_titles(", "), "), folders, or - for standard input"))
      ->type_name("FILE|FOLDER|-")
      ->required();
  verb.add_option("-o,--out", arguments->output.out,
                  "Output: a file for one photo, a folder (OUT/<name>.png each), or - for standard output")
      ->type_name("FILE|FOLDER|-")
      ->required();
  verb.add_flag("-r,--recursive", arguments->output.recursive,
                "Take photos of sub-folders too and keep the sub-folders");
  add_format_options(verb, arguments->output.format, arguments->output.quality,
                     "Format of the outputs in a folder (default png)");
  verb.add_flag("--skip-existing", arguments->output.skip_existing,
                "Keep outputs that are there already, so that an interrupted folder goes on");
  add_model_options(verb, *arguments);
  verb.add_option("--mask", arguments->mask,
                  "Inpainting: a picture of the photo's size, white keeps, black is painted anew")
      ->type_name("FILE");
  verb.add_option("--strength", arguments->restore.strength,
                  "Blend with the input: 0 leaves it as it is, 1 takes all of the repair")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  add_views_option(verb, arguments->restore.views);
  verb.add_option("--tile", arguments->restore.tile,
                  "Largest side of the tiles that large photos are cut into, at least 64 pixels (default: automatic)")
      ->check(CLI::Range(kSmallestTile, 1 << 16));
  add_runtime_options(verb, arguments->runtime);
  verb.add_option("--report", arguments->report, "Write a page (one HTML file) with before and after of every photo")
      ->type_name("FILE");
  verb.add_option("--report-note", arguments->report_note, "A sentence for the top of that page")->type_name("TEXT");
  verb.footer(
      "A photo that is recognised as clean is returned as it is. Bit depth (PNG, TIFF), alpha, grey, colour profile\n"
      "and EXIF are kept. Nothing is started when two inputs would write one file.");
  verb.callback([arguments, &run] { run = [arguments] { return run_restore(*arguments); }; });
}

}  // namespace daclip::app
