#include <cstdio>
#include <memory>

#include "core/error.h"
#include "core/labels.h"
#include "core/threads.h"
#include "data/dataset_builder.h"
#include "dataset.h"
#include "formats.h"
#include "progress.h"
#include "text.h"

namespace daclip::app {
namespace {

struct BuildArguments {
  BuildOptions options;
  std::vector<std::string> clean, kinds, mixed, captions;
  std::string out, root, severity = "paper", format = "png";
};

int run_build(BuildArguments& arguments) {
  BuildOptions& options = arguments.options;
  options.clean.assign(arguments.clean.begin(), arguments.clean.end());
  options.captions.assign(arguments.captions.begin(), arguments.captions.end());
  options.captions_root = arguments.root;
  options.severity = arguments.severity == "paper" ? Severity::paper : Severity::training;
  options.format = &image_format(arguments.format);
  options.threads = threads_or_all(options.threads);
  std::vector<std::string> kinds = arguments.kinds;
  if (kinds.empty() && !options.wild) kinds.assign(kLabels.begin(), kLabels.begin() + kDegradationCount);
  kinds.insert(kinds.end(), arguments.mixed.begin(), arguments.mixed.end());
  for (const std::string& kind : kinds) options.chains.push_back(parse_chain(kind));

  const BuildSummary summary = build_dataset(options, arguments.out, counting(arguments.out));
  for (const std::string& line : summary.failed) complain(line);
  std::fprintf(stderr, "%s: %zu photos, %zu pairs written, %zu were there, %zu captions\n", arguments.out.c_str(),
               summary.photos, summary.written, summary.kept, summary.captions);
  return summary.failed.empty() ? kAllDone : kSomeFailed;
}

}  // namespace

void add_dataset_build(CLI::App& verb, Run& run) {
  auto arguments = std::make_shared<BuildArguments>();
  CLI::App& build = *verb.add_subcommand(
      "build", "Damage good photos into pairs, ROOT/<degradation>/{LQ,GT}; goes on where it was interrupted");
  build.add_option("CLEAN", arguments->clean, "Good photos, or folders of them with their sub-folders")
      ->type_name("FILE|FOLDER")
      ->required();
  build.add_option("-o,--out", arguments->out, "The data set's root folder")->type_name("ROOT")->required();
  build
      .add_option("--kind", arguments->kinds,
                  "A degradation or a mixture, KIND[:param=value,...][+KIND...], a folder each (default: the ten)")
      ->type_name("KIND")
      ->allow_extra_args(false);
  build.add_option("--mixed", arguments->mixed, "As --kind, beside the ten or those of --kind")
      ->type_name("KIND+KIND")
      ->allow_extra_args(false);
  build.add_flag("--wild", arguments->options.wild,
                 "Also (without --kind: only) three passes of blur, resizing, noise and JPEG in random orders");
  build.add_option("--severity", arguments->severity, "As strong as the paper's test sets, or training's range")
      ->check(CLI::IsMember({"paper", "training"}))
      ->capture_default_str();
  add_format_options(build, arguments->format, arguments->options.quality, "Format of LQ and GT");
  build.add_option("--seed", arguments->options.seed, "With the photo's name, decides all that is drawn")
      ->capture_default_str();
  build.add_option("--captions", arguments->captions, "Tables (TSV) of the photos' captions, filepath and title")
      ->type_name("FILE");
  build.add_option("--root", arguments->root, "What paths in the tables start from (default: the table's folder)")
      ->type_name("FOLDER");
  build.add_option("--threads", arguments->options.threads, "0: all cores")->check(CLI::Range(0, 1024))->default_val(0);
  build.callback([arguments, &run] { run = [arguments] { return run_build(*arguments); }; });
}

}  // namespace daclip::app
