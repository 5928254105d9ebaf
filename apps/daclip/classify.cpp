#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>
#include <span>

#include "daclip/classifier.h"
#include "inputs.h"
#include "runtime.h"
#include "text.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct ClassifyArguments {
  std::vector<std::string> inputs;
  RuntimeOptions runtime;
  bool recursive = false, json = false, embeddings = false, all = false;
  int top = 3;
  std::vector<std::string> words;
};

double rounded(float probability) { return std::round(double(probability) * 1e6) / 1e6; }

std::span<const Prediction> best(const Recognition& recognition, int count) {
  const std::vector<Prediction>& all = recognition.predictions;
  return std::span(all).first(std::min(all.size(), size_t(count)));
}

nlohmann::ordered_json as_json(const Input& input, const Recognition& recognition, int top, bool embeddings) {
  nlohmann::ordered_json entry;
  entry["file"] = input.path.string();
  entry["confidence"] = rounded(recognition.predictions.front().probability);
  entry["unsure"] = recognition.unsure;
  entry["labels"] = nlohmann::ordered_json::array();
  for (const Prediction& p : best(recognition, top))
    entry["labels"].push_back({{"label", p.label}, {"probability", rounded(p.probability)}});
  if (!recognition.findings.empty()) {
    entry["findings"] = nlohmann::ordered_json::array();
    for (const Finding& f : recognition.findings)
      entry["findings"].push_back(
          {{"kind", f.label}, {"probability", rounded(f.probability)}, {"severity", rounded(f.severity)}});
  }
  if (embeddings) {
    entry["content"] = recognition.conditioning.content;
    entry["degradation"] = recognition.conditioning.degradation;
  }
  return entry;
}

// Every kind for itself, a line each: "noisy 98 % (severity 0.60)".
std::string all_findings(const Recognition& recognition) {
  std::string text;
  for (const Finding& f : recognition.findings)
    text += cat("\n    ", f.label, " ", percent(f.probability), " (severity ", fixed(f.severity, 2), ")");
  return text;
}

std::string as_line(const Input& input, const Recognition& recognition, int top) {
  std::string text = input.path.string() + (recognition.unsure ? ": unsure," : ":");
  const char* separator = " ";
  for (const Prediction& p : best(recognition, top)) {
    text += separator + p.label + " " + percent(p.probability);
    separator = ", ";
  }
  return text;
}

int run_classify(const ClassifyArguments& arguments) {
  const InputList list = list_inputs(arguments.inputs, arguments.recursive);
  const Model model = open_model(arguments.runtime, !arguments.words.empty());
  if (arguments.all && !model.finds_several())
    throw UsageError(cat("--all: model ", model.name(), " names one kind for a photo; it has no damage network"));
  Classifier classifier(model, arguments.runtime.threads);
  if (!arguments.words.empty()) classifier.set_labels(arguments.words);
  auto results = nlohmann::ordered_json::array();
  size_t failed = list.problems.size(), unsure = 0;
  for (const std::string& problem : list.problems) complain(problem);
  for (const Input& input : list.inputs) {
    try {
      const Recognition recognition = classifier.classify(read_input(input));
      if (recognition.unsure) ++unsure;
      if (arguments.json)
        results.push_back(as_json(input, recognition, arguments.top, arguments.embeddings));
      else
        std::cout << shown(as_line(input, recognition, arguments.top), STDOUT_FILENO)
                  << (arguments.all ? all_findings(recognition) : "") << std::endl;
    } catch (const std::exception& error) {
      ++failed;
      complain(error.what());
    }
  }
  if (arguments.json) std::cout << results.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  if (!list.left_out.empty()) std::fprintf(stderr, "daclip: %s\n", list.left_out.c_str());
  if (unsure > 0) std::fprintf(stderr, "%s\n", unsure_note(unsure).c_str());
  if (!std::cout) {
    complain("standard output: cannot be written");
    return kSomeFailed;
  }
  return failed ? kSomeFailed : kAllDone;
}

}  // namespace

void add_classify(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<ClassifyArguments>();
  CLI::App& verb = *program.add_subcommand("classify", "Tell what is wrong with photos, with probabilities");
  verb.add_option("IN", arguments->inputs, "Photos, folders, or - for standard input")
      ->type_name("FILE|FOLDER|-")
      ->required();
  verb.add_flag("-r,--recursive", arguments->recursive, "Take photos of sub-folders too");
  verb.add_option("--top", arguments->top, "How many labels to print, best first")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb.add_flag("--all", arguments->all, "Every kind of damage for itself: its probability, and its severity, 0 to 1");
  CLI::Option* json = verb.add_flag("--json", arguments->json,
                                    "Print JSON: a list of {file, labels: [{label, probability}], findings: [{kind, "
                                    "probability, severity}]}");
  verb.add_flag("--embeddings", arguments->embeddings,
                "With --json: the photo's content and degradation embeddings too")
      ->needs(json);
  verb.add_option("--words", arguments->words, "Texts to choose between instead of the model's labels")
      ->type_name("TEXT")
      ->excludes("--all");
  add_runtime_options(verb, arguments->runtime);
  verb.callback([arguments, &run] { run = [arguments] { return run_classify(*arguments); }; });
}

}  // namespace daclip::app
