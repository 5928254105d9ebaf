#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>

#include "inputs.h"
#include "pipeline/classifier.h"
#include "pipeline/confidence.h"
#include "pipeline/length.h"
#include "pipeline/words.h"
#include "runtime.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct ClassifyArguments {
  std::vector<std::string> inputs;
  RuntimeOptions runtime;
  bool recursive = false, json = false, embeddings = false;
  int top = 3;
  std::vector<std::string> words;
};

// Texts in the place of the model's labels.
void replace_labels(Runtime& runtime, const std::vector<std::string>& words) {
  const TextEncoder encoder(*runtime.backend, runtime.model);
  runtime.model.labels.clear();
  for (const std::string& text : words) {
    const std::vector<float> embedding = unit_length(encoder.embed(text));
    runtime.model.labels.insert(runtime.model.labels.end(), embedding.begin(), embedding.end());
  }
  runtime.model.config.labels = words;
}

double rounded(float probability) { return std::round(double(probability) * 1e6) / 1e6; }

nlohmann::ordered_json as_json(const Input& input, const Conditioning& conditioning,
                               const std::vector<Prediction>& predictions, bool embeddings) {
  nlohmann::ordered_json entry;
  entry["file"] = input.path.string();
  const float best = *std::max_element(conditioning.probabilities.begin(), conditioning.probabilities.end());
  entry["confidence"] = rounded(best);
  entry["unsure"] = is_unsure(best);
  entry["labels"] = nlohmann::ordered_json::array();
  for (const Prediction& p : predictions)
    entry["labels"].push_back({{"label", p.label}, {"probability", rounded(p.probability)}});
  if (embeddings) {
    entry["content"] = conditioning.content;
    entry["degradation"] = conditioning.degradation;
  }
  return entry;
}

int run_classify(const ClassifyArguments& arguments) {
  const InputList list = list_inputs(arguments.inputs, arguments.recursive);
  Runtime runtime = open_runtime(arguments.runtime, !arguments.words.empty());
  if (!arguments.words.empty()) replace_labels(runtime, arguments.words);
  const Classifier classifier(*runtime.backend, runtime.model);
  auto results = nlohmann::ordered_json::array();
  size_t failed = list.problems.size(), unsure = 0;
  for (const std::string& problem : list.problems) std::fprintf(stderr, "daclip: %s\n", problem.c_str());
  for (const Input& input : list.inputs) {
    try {
      const Conditioning conditioning = classifier.analyse(read_input(input));
      const std::vector<Prediction> predictions = classifier.top(conditioning, arguments.top);
      const bool this_unsure = is_unsure(predictions.front().probability);
      if (this_unsure) ++unsure;
      if (arguments.json) {
        results.push_back(as_json(input, conditioning, predictions, arguments.embeddings));
        continue;
      }
      std::string text = input.path.string() + (this_unsure ? ": unsure," : ":");
      for (size_t i = 0; i < predictions.size(); ++i)
        text += (i ? ", " : " ") + predictions[i].label + " " + percent(predictions[i].probability);
      std::cout << text << std::endl;
    } catch (const std::exception& error) {
      ++failed;
      std::fprintf(stderr, "daclip: %s\n", error.what());
    }
  }
  if (arguments.json) std::cout << results.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  if (unsure > 0) std::fprintf(stderr, "%s\n", unsure_note(unsure).c_str());
  if (!std::cout) {
    std::fprintf(stderr, "daclip: standard output: cannot be written\n");
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
  CLI::Option* json =
      verb.add_flag("--json", arguments->json, "Print JSON: a list of {file, labels: [{label, probability}]}");
  verb.add_flag("--embeddings", arguments->embeddings,
                "With --json: the photo's content and degradation embeddings too")
      ->needs(json);
  verb.add_option("--words", arguments->words, "Texts to choose between instead of the model's labels")
      ->type_name("TEXT");
  add_runtime_options(verb, arguments->runtime);
  verb.callback([arguments, &run] { run = [arguments] { return run_classify(*arguments); }; });
}

}  // namespace daclip::app
