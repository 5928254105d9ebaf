#include <cstdio>
#include <memory>

#include "core/error.h"
#include "core/labels.h"
#include "data/pack_builder.h"
#include "dataset.h"
#include "progress.h"
#include "text.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct PackArguments {
  PackOptions options;
  std::vector<std::string> clean, pairs, damaged, captions, labels;
  std::string root, out;
};

// "hazy=folder" or "folder", whose name then is the label.
PackOptions::Labelled parse_labelled(const char* option, const std::string& text) {
  const size_t equals = text.find('=');
  PackOptions::Labelled labelled;
  labelled.folder = equals == std::string::npos ? text : text.substr(equals + 1);
  labelled.label =
      equals == std::string::npos ? labelled.folder.lexically_normal().filename().string() : text.substr(0, equals);
  if (label_index(labelled.label) < 0)
    throw UsageError(cat(option, " ", text, ": ", labelled.label, " is no degradation; write LABEL=FOLDER"));
  return labelled;
}

int run_pack(PackArguments& arguments) {
  PackOptions& options = arguments.options;
  options.clean.assign(arguments.clean.begin(), arguments.clean.end());
  options.captions.assign(arguments.captions.begin(), arguments.captions.end());
  options.labels.assign(arguments.labels.begin(), arguments.labels.end());
  options.root = arguments.root;
  for (const std::string& text : arguments.pairs) options.pairs.push_back(parse_labelled("--pairs", text));
  for (const std::string& text : arguments.damaged) options.damaged.push_back(parse_labelled("--damaged", text));
  const PackSummary summary = pack_dataset(options, arguments.out, counting(arguments.out));
  for (const std::string& line : summary.skipped) complain(line);
  std::fprintf(stderr, "%s: %zu photos, %zu pairs, %zu captions, %zu found damaged\n", arguments.out.c_str(),
               summary.photos, summary.pairs, summary.captions, summary.damaged);
  return summary.skipped.empty() ? kAllDone : kSomeFailed;
}

}  // namespace

void add_dataset(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<PackArguments>();
  CLI::App& verb = *program.add_subcommand("dataset", "Prepare photos for training and evaluation");
  verb.require_subcommand(1);
  CLI::App& pack =
      *verb.add_subcommand("pack", "Put photos, pairs and captions into one file that training reads without codecs");
  pack.add_option("-o,--out", arguments->out, "The pack to write")->type_name("FILE")->required();
  pack.add_option("--clean", arguments->clean, "Folders of good photos, with their sub-folders")->type_name("FOLDER");
  pack.add_option("--pairs", arguments->pairs, "Folders of pairs, LABEL=FOLDER, with LQ/ and GT/ in each")
      ->type_name("LABEL=FOLDER");
  pack.add_option("--damaged", arguments->damaged,
                  "Folders of damaged photos whose good version is not known, LABEL=FOLDER; they train recognition")
      ->type_name("LABEL=FOLDER");
  pack.add_option("--captions", arguments->captions, "Tables (TSV) with the columns filepath and title")
      ->type_name("FILE");
  pack.add_option("--labels", arguments->labels,
                  "Tables (TSV) with the columns filepath and labels: what is wrong with photos among the good ones; "
                  "those with several labels are left out")
      ->type_name("FILE");
  pack.add_option("--root", arguments->root, "What paths in the tables start from (default: the table's folder)")
      ->type_name("FOLDER");
  pack.add_option("--max-size", arguments->options.max_size, "Shrink photos to this longer side; 0 keeps their size")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  pack.add_option("--crop", arguments->options.crop, "Keep one square of this side of each photo; 0 keeps all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  pack.add_option("--seed", arguments->options.seed, "Decides where the squares are cut")->capture_default_str();
  pack.callback([arguments, &run] { run = [arguments] { return run_pack(*arguments); }; });
  add_dataset_check(verb, run);
  add_dataset_build(verb, run);
  add_dataset_caption(verb, run);
}

}  // namespace daclip::app
