#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "core/error.h"
#include "core/labels.h"
#include "daclip/restorer.h"
#include "data/tables.h"
#include "degrade/chain.h"
#include "formats.h"
#include "inputs.h"
#include "progress.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct DegradeArguments {
  std::vector<std::string> inputs;
  OutputOptions output;
  std::vector<std::string> kinds;
  std::string mask, labels;
  uint64_t seed = 0;
};

FloatImage mask_of(const Mask& mask, const Image& image) {
  if (mask.width != image.width || mask.height != image.height)
    throw UsageError(
        cat("the mask is ", mask.width, "x", mask.height, " pixels, the photo ", image.width, "x", image.height));
  FloatImage result(mask.width, mask.height, 1);
  for (size_t i = 0; i < mask.keep.size(); ++i) result.data[i] = mask.keep[i];
  return result;
}

Chain parse_kinds(const std::vector<std::string>& kinds) {
  std::string text;
  for (const std::string& kind : kinds) text += (text.empty() ? "" : "+") + kind;
  return parse_chain(text);
}

void write_labels(const Plan& plan, const Chain& chain, const std::string& path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  std::vector<LabelRow> rows;
  std::error_code error;
  for (const Job& job : plan.jobs)
    if (std::filesystem::exists(job.output, error))
      rows.push_back({std::filesystem::proximate(job.output, folder).generic_string(), chain_labels(chain)});
  write_label_table(path, rows);
}

int run_degrade(const DegradeArguments& arguments) {
  const Chain chain = parse_kinds(arguments.kinds);
  std::optional<Mask> mask;
  if (!arguments.mask.empty()) {
    const std::vector<int> labels = chain_labels(chain);
    if (!std::count(labels.begin(), labels.end(), label_index("uncompleted")))
      throw UsageError("--mask goes with --kind uncompleted only");
    mask = Mask::from_image(read_image(arguments.mask));
  }
  if (!arguments.labels.empty() && arguments.output.out == "-")
    throw UsageError("--labels names files; it needs a file or folder as -o");
  const Plan plan = plan_jobs(arguments.inputs, arguments.output);
  ProgressBar progress(plan.jobs.size());
  size_t failed = plan.problems.size();
  for (const std::string& problem : plan.problems) progress.line("daclip: " + problem);
  for (size_t i = 0; i < plan.jobs.size(); ++i) {
    const Job& job = plan.jobs[i];
    if (already_done(job)) continue;
    progress.show(i, 0, job.input.path.filename().string());
    try {
      const Image image = read_input(job.input);
      const FloatImage holes = mask ? mask_of(*mask, image) : FloatImage();
      const FloatImage degraded =
          degrade(to_rgb(image), chain, arguments.seed + i, Severity::paper, mask ? &holes : nullptr);
      const int quality = arguments.output.quality;
      write_output(job, from_rgb(degraded, image), {.quality = quality > 0 ? quality : kDefaultQuality});
    } catch (const std::exception& error) {
      ++failed;
      const std::string name = job.input.path.string(), what = error.what();
      progress.line("daclip: " + (what.find(name) == std::string::npos ? name + ": " + what : what));
    }
  }
  if (!plan.left_out.empty()) progress.line("daclip: " + plan.left_out);
  if (!arguments.labels.empty()) write_labels(plan, chain, arguments.labels);
  return failed ? kSomeFailed : kAllDone;
}

// "  noisy\n      sigma=5..60  standard deviation, levels of 255\n" for every kind.
std::string kinds_help() {
  std::string text = "Kinds and their parameters; what is not given is drawn by the seed:\n";
  for (int i = 0; i < kDegradationCount; ++i) {
    text += cat("  ", kLabels[size_t(i)], "\n");
    for (const DegradeParam& p : degrade_params(kLabels[size_t(i)]))
      text += cat("      ", p.name, "=", p.minimum, "..", p.maximum, p.unit.empty() ? "" : " " + p.unit, "  ", p.help,
                  "\n");
  }
  return text +
         "Examples: daclip degrade photo.png -o noisy.png --kind noisy:sigma=25 --seed 7\n"
         "          daclip degrade photos/ -o damaged/ --kind low-light+noisy:sigma=15+motion-blurry";
}

}  // namespace

void add_degrade(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<DegradeArguments>();
  CLI::App& verb =
      *program.add_subcommand("degrade", "Damage good photos in ten ways and mixtures, to try or measure restoring");
  verb.add_option("IN", arguments->inputs, "Photos, folders, or - for standard input")
      ->type_name("FILE|FOLDER|-")
      ->required();
  verb.add_option("-o,--out", arguments->output.out, "Output: a file for one photo, a folder, or - for standard output")
      ->type_name("FILE|FOLDER|-")
      ->required();
  verb.add_option("--kind", arguments->kinds,
                  "KIND[:param=value,...], see below; several in their order: KIND+KIND, or --kind more than once")
      ->type_name("KIND")
      ->allow_extra_args(false)
      ->required();
  verb.add_option("--seed", arguments->seed, "Same seed, same damage; the n-th of several photos takes seed + n")
      ->capture_default_str();
  verb.add_option("--mask", arguments->mask,
                  "For uncompleted: a picture of the photo's size, white keeps, black becomes a hole")
      ->type_name("FILE");
  verb.add_option("--labels", arguments->labels,
                  "Also write a table (TSV) of the outputs and what was done to them, separated by commas")
      ->type_name("FILE");
  verb.add_flag("-r,--recursive", arguments->output.recursive,
                "Take photos of sub-folders too and keep the sub-folders");
  add_format_options(verb, arguments->output.format, arguments->output.quality,
                     "Format of the outputs in a folder (default png)");
  verb.add_flag("--skip-existing", arguments->output.skip_existing, "Keep outputs that are there already");
  verb.footer([] { return kinds_help(); });
  verb.callback([arguments, &run] { run = [arguments] { return run_degrade(*arguments); }; });
}

}  // namespace daclip::app
