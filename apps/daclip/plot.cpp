#include <cstdio>
#include <memory>

#include "core/error.h"
#include "core/files.h"
#include "eval/page.h"
#include "eval/training_log.h"
#include "text.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct PlotArguments {
  std::vector<std::string> logs, names;
  std::string out;
  TrainingChartOptions options;
};

std::string page(const std::vector<TrainingLog>& logs, const PlotArguments& arguments, const Svg& svg) {
  return html_page(arguments.options.title, cat("<main>\n<figure class=\"chart\">\n", svg.element(), "</figure>\n",
                                                to_html(training_table(logs)), "</main>\n"));
}

int run_plot(const PlotArguments& arguments) {
  const bool html = arguments.out.ends_with(".html");
  if (!html && !arguments.out.ends_with(".svg"))
    throw UsageError(cat("-o ", arguments.out, ": expected a name that ends with .svg or .html"));
  if (!arguments.names.empty() && arguments.names.size() != arguments.logs.size())
    throw UsageError(cat("--names: ", arguments.names.size(), " for ", arguments.logs.size(), " logs"));
  std::vector<TrainingLog> logs;
  size_t failed = 0;
  for (size_t i = 0; i < arguments.logs.size(); ++i) {
    try {
      logs.push_back(read_training_log(arguments.logs[i]));
    } catch (const Error& error) {
      complain(error.what());
      ++failed;
      continue;
    }
    if (!arguments.names.empty()) logs.back().name = arguments.names[i];
    for (const std::string& problem : logs.back().problems) complain(problem);
  }
  if (logs.empty()) return kSomeFailed;
  const Svg svg = curve_chart(training_chart(logs, arguments.options));
  write_text(arguments.out, html ? page(logs, arguments, svg) : svg.file());
  return failed ? kSomeFailed : kAllDone;
}

}  // namespace

void add_plot(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<PlotArguments>();
  TrainingChartOptions& options = arguments->options;
  CLI::App& verb = *program.add_subcommand("plot", "Draw the training curves of one or several runs");
  verb.add_option("LOG", arguments->logs, "log.jsonl of daclip-train, or the folder of a run")
      ->type_name("FILE|FOLDER")
      ->required();
  verb.add_option("-o,--out", arguments->out, "The picture (.svg) or page (.html) to write")
      ->type_name("FILE")
      ->required();
  verb.add_option(
          "--show", options.show,
          "Curves: loss, psnr, gain, accuracy, lr (default: those that are there), tasks for each degradation's, or "
          "any key of the log, such as grad_norm or validation.noisy.psnr")
      ->type_name("WHAT")
      ->delimiter(',');
  verb.add_option("--smooth", options.smooth, "Smoothing of training curves, 0 for none, towards 1 for more")
      ->check(CLI::Range(0.0, 0.9999))
      ->capture_default_str();
  verb.add_option("--names", arguments->names, "Names of the runs (default: their folders)")
      ->type_name("NAME")
      ->delimiter(',');
  verb.add_option("--title", options.title, "Title of the picture")->capture_default_str();
  verb.callback([arguments, &run] { run = [arguments] { return run_plot(*arguments); }; });
}

}  // namespace daclip::app
