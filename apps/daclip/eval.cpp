#include <daclip/version.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>

#include "backend/make_backend.h"
#include "core/error.h"
#include "core/threads.h"
#include "eval/report.h"
#include "eval/run.h"
#include "eval/summary.h"
#include "metrics/metric.h"
#include "metrics/metric_weights.h"
#include "progress.h"
#include "runtime.h"
#include "text.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct EvalArguments {
  std::string sets, root, report;
  std::vector<std::string> models, outputs, degradations, names;
  RuntimeOptions runtime;
  RestoreOptions restore;
  EvalOptions options;
  std::string title = "Evaluation";
  bool no_pictures = false, grey = false, told = false;
};

// "NAME=WHERE", or WHERE alone.
struct Named {
  std::string name, where;
};

Named parse_named(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || std::filesystem::exists(text)) return {"", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// Tells a model from another that was trained under the same name: FNV-1a, 64 bit, over its configuration and weights
// and those of its experts.
uint64_t hash_of(const ModelFile& file, uint64_t hash = 0xcbf29ce484222325) {
  const auto add = [&](const auto& bytes) {
    for (const auto byte : bytes) hash = (hash ^ uint8_t(byte)) * 0x100000001b3;
  };
  add(file.arrays.metadata);
  for (const auto& [name, array] : file.arrays.arrays) {
    add(name);
    add(array.bytes);
  }
  for (const auto& [label, expert] : file.experts) {
    add(label);
    hash = hash_of(*expert, hash);
  }
  return hash;
}

std::string checksum(const ModelFile& file) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash_of(file)));
  return text;
}

// The sets that were asked for, by label or by name. `datasets` tells of all, for earlier runs' rows.
std::vector<TestSet> chosen_sets(const EvalArguments& arguments, std::map<std::string, DatasetInfo>& datasets) {
  std::vector<TestSet> sets = read_test_sets(arguments.sets, arguments.root), chosen;
  std::string known;
  const auto is_in = [](const std::vector<std::string>& list, const std::string& text) {
    return list.empty() || std::find(list.begin(), list.end(), text) != list.end();
  };
  for (TestSet& set : sets) {
    datasets[set.name] = {set.group, set.paper};
    const std::string degradation = degradation_of(set);
    known += (known.empty() ? "" : ", ") + set.name + (degradation.empty() ? "" : " (" + degradation + ")");
    if (is_in(arguments.degradations, degradation) && is_in(arguments.names, set.name))
      chosen.push_back(std::move(set));
  }
  for (TestSet& set : chosen) set.grey = arguments.grey;
  if (chosen.empty()) throw UsageError(cat(arguments.sets, ": no such set or degradation; it has ", known));
  return chosen;
}

// Models and all that they need while methods run on them.
class Methods {
  struct Loaded {
    std::unique_ptr<Backend> backend;
    LoadedModel model;
  };

 public:
  Methods(const EvalArguments& arguments, const std::vector<TestSet>& sets) {
    std::vector<std::string> models = arguments.models;
    if (models.empty() && arguments.outputs.empty()) models = {arguments.runtime.model};
    for (const std::string& text : models) add_model(parse_named(text), arguments);
    for (const std::string& text : arguments.outputs) {
      const Named named = parse_named(text);
      const std::filesystem::path folder = std::filesystem::absolute(named.where).lexically_normal();
      const std::string own = (folder.has_filename() ? folder : folder.parent_path()).filename().string();
      methods_.push_back(folder_method(named.name.empty() ? own : named.name, named.where, sets));
    }
  }

  const std::vector<Method>& list() const { return methods_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  void add_model(const Named& named, const EvalArguments& arguments) {
    RuntimeOptions options = arguments.runtime;
    options.model = named.where;
    Loaded& loaded = *loaded_.emplace_back(std::make_unique<Loaded>());
    loaded.backend = make_backend(backend_options(options));
    const ModelFile file = read_model_file(find_model(options.model));
    loaded.model = load_model(*loaded.backend, file);
    const ModelConfig& config = loaded.model.config;
    RestoreOptions restore = arguments.restore;
    const bool samples = config.restorer && !config.restorer->describe_sampling({}).empty();
    if (!samples) restore.sampler = {};  // meant for the other models of this evaluation
    std::string how = dtype_name(loaded.backend->compute_dtype());
    if (arguments.told) how += ", told the labels";
    if (restore.passes > 1) how += cat(", ", restore.passes, " passes");
    if (restore.views > 1) how += cat(", ", restore.views, " views");
    if (samples) how += ", " + config.restorer->describe_sampling(restore.sampler);
    const std::string name = named.name.empty() ? config.name : named.name;
    const std::string sum = checksum(file);
    methods_.push_back(
        model_method(name, cat("model ", sum, ", ", how), *loaded.backend, loaded.model, restore, arguments.told));
    notes_.push_back(cat(name, ": model ", config.name, " (checksum ", sum, "), ", how, "."));
  }

  std::vector<std::unique_ptr<Loaded>> loaded_;
  std::vector<Method> methods_;
  std::vector<std::string> notes_;
};

// A line for each set and method.
void print_summary(const Summary& summary) {
  for (const SetSummary& set : summary.sets) {
    std::string line = cat(set.dataset, "  ", set.method, "  ", set.images, set.images == 1 ? " image" : " images");
    if (set.failed > 0) line += cat(" (", set.failed, " failed)");
    for (const Column column : {Column::psnr, Column::gain, Column::ssim, Column::lpips, Column::recognised}) {
      const Estimate& estimate = set.of(column);
      if (std::isnan(estimate.mean)) continue;
      line += cat(", ", column_info(column).name, " ", fixed(estimate.mean, column_info(column).digits));
    }
    for (const SetFigure& figure : set.figures)
      if (figure.method == set.method) line += cat(", ", figure.name, " ", fixed(figure.value, 3));
    std::cout << line << "\n";
  }
  std::cout.flush();
}

void tell(const EvalOutcome& outcome, const std::string& report) {
  std::string line = cat(outcome.done, " done", outcome.kept ? cat(", ", outcome.kept, " of an earlier run") : "",
                         outcome.failed ? cat(", ", outcome.failed, " failed") : "");
  if (outcome.network_seconds > 0)
    line += cat("; ", fixed(outcome.seconds, 1), " s, ", fixed(outcome.network_seconds, 1), " of them in the network (",
                fixed(100 * (1 - outcome.network_seconds / outcome.seconds), 1), " % outside)");
  std::fprintf(stderr, "%s: %s\n", report.c_str(), line.c_str());
}

int run_eval(EvalArguments& arguments) {
  ReportOptions page;
  const std::vector<TestSet> sets = chosen_sets(arguments, page.datasets);
  const Methods methods(arguments, sets);
  EvalOptions& options = arguments.options;
  options.report = arguments.report;
  options.pictures = !arguments.no_pictures;
  options.measures.weights = metric_weights_folder(options.measures.weights);
  const int threads = threads_or_all(arguments.runtime.threads);
  options.workers = std::max(1, threads / 2);
  options.backend = [] { return make_backend({"cpu", 1, Precision::f32}); };
  Evaluation evaluation(sets, methods.list(), options);
  for (const std::string& line : evaluation.notices()) complain(line);
  for (const std::string& line : evaluation.problems()) complain(line);

  EvalOutcome outcome;
  {
    ProgressBar progress(std::max<size_t>(1, evaluation.pending()));
    outcome =
        evaluation.run({[&](size_t done, double share, const std::string& name) { progress.show(done, share, name); },
                        [&](const std::string& line) { progress.line("daclip: " + line); }});
  }
  const std::filesystem::path report = options.report;
  write_set_figures(report / "sets.jsonl", outcome.figures);
  page.title = arguments.title;
  page.notes = methods.notes();
  page.notes.push_back(
      cat("daclip " DACLIP_VERSION " on ", processor_name(), ", ", threads, threads == 1 ? " thread." : " threads."));
  for (const std::string& notice : evaluation.notices()) page.notes.push_back(notice);
  page.figures = outcome.figures;
  if (options.pictures) evaluation.write_originals(gallery_images(outcome.results, page.gallery_each));
  write_report(report, outcome.results, page);
  print_summary(summarise(outcome.results, page));
  tell(outcome, arguments.report);
  return outcome.failed + evaluation.problems().size() > 0 ? kSomeFailed : kAllDone;
}

}  // namespace

void add_eval(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App& verb = *program.add_subcommand("eval", "Measure models, or any method's pictures, on test sets");
  verb.add_option("SETS", arguments->sets, "A folder <degradation>/{LQ,GT}, or a list of test sets (TOML)")
      ->type_name("FOLDER|LIST")
      ->required();
  verb.add_option("-o,--out", arguments->report, "The report's folder; a run that was broken off goes on in it")
      ->type_name("FOLDER")
      ->required();
  verb.add_option("--root", arguments->root, "What paths in the list start from, instead of what it says itself")
      ->type_name("FOLDER");
  verb.add_option("--model", arguments->models,
                  "Models, by name or file (default compact); NAME=FILE gives another name")
      ->type_name("[NAME=]FILE");
  verb.add_option("--outputs", arguments->outputs, "Folders of pictures that a method made: FOLDER/<set>/<image>.*")
      ->type_name("[NAME=]FOLDER");
  verb.add_option("--degradations", arguments->degradations, "Only sets of these, such as rainy or hazy+rainy")
      ->type_name("NAME");
  verb.add_option("--sets", arguments->names, "Only sets of these names")->type_name("NAME");
  verb.add_option("--metrics", arguments->options.measures.metrics,
                  cat(joined(metric_names()), "; one lpips at most; networks need their weights"))
      ->type_name("NAME")
      ->capture_default_str();
  verb.add_option("--metric-weights", arguments->options.measures.weights,
                  "Folder with the weights of LPIPS and of the Fréchet distances (default $DACLIP_METRIC_WEIGHTS)")
      ->type_name("FOLDER");
  verb.add_option("--crop-border", arguments->options.measures.crop_border,
                  "PSNR and SSIM leave out so many pixels at each border (the published script: 4)")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  verb.add_option("--limit", arguments->options.limit, "Only the first N images of each set; 0 takes all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb.add_flag("--told", arguments->told, "Repair each set's labels instead of what is recognised");
  verb.add_flag("--grey", arguments->grey, "Show every picture in black and white");
  verb.add_option("--passes", arguments->restore.passes, "At most so many repairs of what is found, see restore")
      ->check(CLI::Range(1, kMostPasses))
      ->capture_default_str();
  add_views_option(verb, arguments->restore.views);
  verb.add_option("--sampler", arguments->restore.sampler.sampler, "Diffusion models: how to sample, see restore");
  verb.add_option("--steps", arguments->restore.sampler.steps, "Diffusion models: evaluations of the network")
      ->check(CLI::Range(1, 1 << 16));
  verb.add_option("--seed", arguments->restore.sampler.seed,
                  "Diffusion models: another number gives other samples (default 0)");
  add_speed_options(verb, arguments->runtime);
  verb.add_option("--title", arguments->title, "The report's title")->type_name("TEXT")->capture_default_str();
  verb.add_flag("--no-pictures", arguments->no_pictures, "Do not keep the restored pictures, and make no gallery");
  verb.add_flag("--fresh", arguments->options.fresh, "Begin anew, forgetting what an earlier run left in the folder");
  verb.footer(
      "The report: report.html, tables.md, tables.tex, charts (SVG), gallery.html, results.csv, results.jsonl.");
  verb.callback([arguments, &run] { run = [arguments] { return run_eval(*arguments); }; });
}

}  // namespace daclip::app
