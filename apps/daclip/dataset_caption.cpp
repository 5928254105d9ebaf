// dataset caption: photos described in a sentence each, into the table that training and `dataset build` read.
#include <cstdio>
#include <memory>
#include <set>

#include "backend/make_backend.h"
#include "caption/captioner.h"
#include "core/error.h"
#include "data/tables.h"
#include "dataset.h"
#include "inputs.h"
#include "progress.h"
#include "runtime.h"
#include "text.h"

namespace daclip::app {
namespace {

namespace fs = std::filesystem;

struct CaptionArguments {
  CaptionOptions options;
  RuntimeOptions runtime;
  std::vector<std::string> photos;
  std::string checkpoint, vocabulary, out;
  bool recursive = false;
};

constexpr size_t kRowsBetweenWrites = 16;

// The table goes on where it was: photos that have a row keep it.
int run_caption(const CaptionArguments& arguments) {
  const fs::path out = arguments.out;
  const InputList list = list_inputs(arguments.photos, arguments.recursive);
  std::vector<CaptionRow> rows = fs::exists(out) ? read_captions(out) : std::vector<CaptionRow>();
  std::set<std::string> described;
  for (const CaptionRow& row : rows) described.insert(row.filepath);
  const fs::path folder = fs::absolute(out).parent_path();

  const std::unique_ptr<Backend> backend = make_backend(backend_options(arguments.runtime));
  const Captioner captioner(*backend, arguments.checkpoint, arguments.vocabulary, arguments.options);
  size_t done = 0, made = 0, failed = list.problems.size();
  for (const std::string& problem : list.problems) complain(problem);
  ProgressBar bar(list.inputs.size());
  for (const Input& input : list.inputs) {
    bar.show(done++, 0, input.path.string());
    const std::string name = fs::absolute(input.path).lexically_proximate(folder).generic_string();
    if (described.contains(name)) continue;
    try {
      rows.push_back({name, captioner.describe(read_input(input))});
      bar.line(cat(name, ": ", rows.back().title));
      if (++made % kRowsBetweenWrites == 0) write_captions(out, rows);
    } catch (const Error& error) {
      bar.line(cat("daclip: ", error.what()));
      ++failed;
    }
  }
  if (made > 0 || !fs::exists(out)) write_captions(out, rows);
  std::fprintf(stderr, "%s: %zu captions made, %zu were there\n", out.c_str(), made, rows.size() - made);
  return failed == 0 ? kAllDone : kSomeFailed;
}

}  // namespace

void add_dataset_caption(CLI::App& verb, Run& run) {
  auto arguments = std::make_shared<CaptionArguments>();
  CaptionOptions& options = arguments->options;
  CLI::App& caption =
      *verb.add_subcommand("caption", "Describe photos in a sentence each with BLIP; goes on where it was interrupted");
  caption.add_option("IN", arguments->photos, "Photos, or folders of them")->type_name("FILE|FOLDER")->required();
  caption.add_option("-o,--out", arguments->out, "The table (TSV), filepath and title")->type_name("FILE")->required();
  caption.add_option("--blip", arguments->checkpoint, "BLIP's captioner: model_large_caption.pth or another")
      ->type_name("CHECKPOINT")
      ->required();
  caption.add_option("--vocab", arguments->vocabulary, "vocab.txt of bert-base-uncased")->type_name("FILE")->required();
  caption.add_flag("-r,--recursive", arguments->recursive, "Take photos of sub-folders too");
  caption.add_option("--prompt", options.prompt, "The words with which every text begins; not part of the caption")
      ->capture_default_str();
  caption.add_option("--beams", options.beams, "Texts that are followed at a time; 1 takes the likeliest next token")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  caption.add_option("--max-tokens", options.max_tokens, "Longest caption, in word pieces")
      ->check(CLI::Range(1, 400))
      ->capture_default_str();
  caption.add_option("--min-length", options.min_length, "Shortest text with its prompt, in word pieces")
      ->check(CLI::Range(0, 400))
      ->capture_default_str();
  caption.add_option("--repetition-penalty", options.repetition_penalty, "Above 1: words do not come again so easily")
      ->check(CLI::Range(0.1, 10.0))
      ->capture_default_str();
  caption.add_option("--vision-heads", options.vision_heads, "Attention heads of the image tower; 0: as published")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  caption.add_option("--heads", options.heads, "Attention heads of the decoder; 0: as published")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  add_speed_options(caption, arguments->runtime);
  caption.callback([arguments, &run] { run = [arguments] { return run_caption(*arguments); }; });
}

}  // namespace daclip::app
