#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>

#include "core/error.h"
#include "inputs.h"
#include "pipeline/restorer.h"
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
      : arguments_(arguments), plan_(plan), restorer_(*runtime.backend, runtime.model),
        classifier_(*runtime.backend, runtime.model), prefetch_(plan.jobs), progress_(plan.jobs.size()),
        report_(runtime.model.config.name, plan.jobs.size(), arguments.report_note) {}

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
    write_output(job, result.image, plan_.format, arguments_.output.quality);
    ++restored_;
    const std::vector<Prediction> predictions = classifier_.top(result.conditioning, 3);
    progress_.line(cat(job.input.path.string(), " -> ", job.output.string(), ": ", summary(result, predictions.front()),
                       ", ", rounded(seconds), " s"));
    if (!arguments_.report.empty())
      report_.add(
          {name, result.degradation, predictions, !arguments_.restore.degradation.empty(), result.untouched, seconds},
          image, result.image);
  }

  std::string summary(const RestoreResult& result, const Prediction& best) const {
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
  Classifier classifier_;
  Prefetch prefetch_;
  Progress progress_;
  Report report_;
  size_t restored_ = 0, kept_ = 0, failed_ = 0;
};

int run_restore(RestoreArguments arguments) {
  const Plan plan = plan_jobs(arguments.inputs, arguments.output);
  const Runtime runtime = open_runtime(arguments.runtime);
  const std::string& degradation = arguments.restore.degradation;
  if (!degradation.empty() && runtime.model.label_index(degradation) < 0) {
    std::string known;
    for (const std::string& label : runtime.model.config.labels) known += (known.empty() ? "" : ", ") + label;
    throw UsageError(cat("--degradation ", degradation, " is unknown to this model; it knows ", known));
  }
  if (!arguments.mask.empty()) arguments.restore.mask = Mask::from_image(read_image(arguments.mask));
  return RestoreRun(arguments, plan, runtime).run();
}

}  // namespace

void add_restore(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<RestoreArguments>();
  CLI::App& verb = *program.add_subcommand("restore", "Recognise what is wrong with photos and repair them");
  verb.add_option("IN", arguments->inputs, "Photos (JPEG, PNG, WebP, TIFF, BMP), folders, or - for standard input")
      ->type_name("FILE|FOLDER|-")->required();
  verb.add_option("-o,--out", arguments->output.out,
                  "Output: a file for one photo, a folder (OUT/<name>.png each), or - for standard output")
                      ->type_name("FILE|FOLDER|-")->required();
  verb.add_flag("-r,--recursive", arguments->output.recursive,
                "Take photos of sub-folders too and keep the sub-folders");
  verb.add_option("--format", arguments->output.format, "Format of the outputs in a folder (default png)")
      ->check(CLI::IsMember({"png", "jpg", "webp", "tiff"}));
  verb.add_option("--quality", arguments->output.quality, "Quality of JPEG and WebP; 100 makes WebP lossless")
      ->check(CLI::Range(1, 100))->capture_default_str();
  verb.add_flag("--skip-existing", arguments->output.skip_existing,
                "Keep outputs that are there already, so that an interrupted folder goes on");
  verb.add_option("--degradation", arguments->restore.degradation,
                  "Take this as what is wrong instead of recognising it, e.g. noisy")
      ->type_name("NAME");
  verb.add_option("--mask", arguments->mask,
                  "Inpainting: a picture of the photo's size, white keeps, black is painted anew")
      ->type_name("FILE");
  verb.add_option("--strength", arguments->restore.strength,
                  "Blend with the input: 0 leaves it as it is, 1 takes all of the repair")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
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
