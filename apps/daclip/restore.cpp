#include <algorithm>
#include <future>
#include <iostream>
#include <memory>

#include "daclip/restorer.h"
#include "formats.h"
#include "inputs.h"
#include "progress.h"
#include "report.h"
#include "runtime.h"
#include "text.h"
#include "verbs.h"

namespace daclip::app {
namespace {

struct RestoreArguments {
  std::vector<std::string> inputs;
  OutputOptions output;
  RuntimeOptions runtime;
  RestoreOptions restore;
  std::string mask, mask_holes = "black", report, report_note;
  std::string prompt, caption, clean, zero_context;
  std::string strip;  // "", "gps" or "all"
};

// Decodes the next picture while the network works on this one.
class Prefetch {
 public:
  explicit Prefetch(const std::vector<Job>& jobs) : jobs_(jobs) {}

  Photo take(size_t index) {
    Photo photo = next_.valid() && next_index_ == index ? next_.get() : read_photo(jobs_[index].input);
    for (next_index_ = index + 1; next_index_ < jobs_.size() && jobs_[next_index_].exists;) ++next_index_;
    if (next_index_ < jobs_.size())
      next_ = std::async(std::launch::async, [&job = jobs_[next_index_]] { return read_photo(job.input); });
    return photo;
  }

 private:
  const std::vector<Job>& jobs_;
  std::future<Photo> next_;
  size_t next_index_ = 0;
};

class RestoreRun {
 public:
  RestoreRun(const RestoreArguments& arguments, const Plan& plan, const Model& model, Restorer& restorer)
      : arguments_(arguments), plan_(plan), restorer_(restorer), prefetch_(plan.jobs), progress_(plan.jobs.size()),
        report_(model.name(), plan.jobs.size(), arguments.report_note) {}

  int run() {
    for (const std::string& problem : plan_.problems) fail(problem);
    if (arguments_.restore.mask) warn_of_large_holes(*arguments_.restore.mask);
    for (size_t i = 0; i < plan_.jobs.size(); ++i) {
      const Job& job = plan_.jobs[i];
      try {
        if (already_done(job)) {
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
    if (!plan_.left_out.empty()) progress_.line("daclip: " + plan_.left_out);
    if (unsure_ > 0) progress_.line(unsure_note(unsure_));
    return failed_ ? kSomeFailed : kAllDone;
  }

 private:
  void one(size_t index) {
    const Job& job = plan_.jobs[index];
    progress_.show(index, 0, job.input.path.filename().string());
    const Photo photo = prefetch_.take(index);
    const int pages = photo.image.source.pages;
    if (arguments_.output.all_pages && pages > 1) {
      check_all_pages(photo, job);
      all_pages(index, photo);
      return;
    }
    const Restored done = restore(index, photo.image);
    const RestoreResult& result = done.result;
    // A copy keeps what an encoder would not: all pages, every block of metadata, the loss of a second JPEG.
    const bool copied = result.untouched && can_be_copied(photo, *job.format) && arguments_.output.quality == 0 &&
                        arguments_.strip.empty();
    if (copied)
      write_output(job, photo.bytes);
    else
      write_output(job, result.image, encoding_of(photo, *job.format, arguments_.output.quality));
    ++restored_;
    tell(job, photo.image, done);
    if (pages > 1)
      progress_.line(cat("daclip: ", job.input.path.string(), copied ? ": all " : ": the first of ", pages,
                         " pages or frames ", copied ? "were copied by the look of the first" : "was restored",
                         "; --all-pages restores all into a TIFF"));
  }

  struct Restored {
    RestoreResult result;
    double seconds = 0;
  };

  void all_pages(size_t index, const Photo& photo) {
    const Job& job = plan_.jobs[index];
    std::vector<Image> before, after;
    std::vector<Restored> done;
    for (int page = 0; page < photo.image.source.pages; ++page) {
      before.push_back(page == 0 ? photo.image : decode_image(photo.bytes, cat("page ", page + 1), {.page = page}));
      done.push_back(restore(index, before.back()));
      after.push_back(done.back().result.image);
    }
    write_output(job, encode_pages(after, *job.format));
    ++restored_;
    for (size_t page = 0; page < done.size(); ++page) tell(job, before[page], done[page]);
  }

  Restored restore(size_t index, const Image& image) {
    const std::string name = plan_.jobs[index].input.path.filename().string();
    const Clock::time_point start = Clock::now();
    RestoreResult result = restorer_.restore(image, arguments_.restore, [&](double fraction) {
      progress_.show(index, fraction, name);
      return true;
    });
    if (arguments_.strip == "all") result.image.metadata = {};
    if (arguments_.strip == "gps") remove_gps(result.image.metadata);
    return {std::move(result), seconds_since(start)};
  }

  // What was done, once it is written.
  void tell(const Job& job, const Image& image, const Restored& done) {
    const RestoreResult& result = done.result;
    if (result.unsure) ++unsure_;
    const std::string evaluations = cost(result);
    progress_.line(cat(job.input.path.string(), " -> ", job.output.string(), ": ", result.unsure ? "unsure, " : "",
                       summary(result), ", ", evaluations.empty() ? "" : evaluations + ", ", fixed(done.seconds, 2),
                       " s"));
    if (!arguments_.report.empty())
      report_.add({job.input.path.filename().string(), result.degradation, result.recognition.predictions,
                   !arguments_.restore.degradation.empty(),
                   arguments_.restore.instruction ? asked_for(result)
                   : result.untouched             ? left_as_it_is(result)
                                                  : "",
                   result.unsure, evaluations, done.seconds},
                  image, result.image);
  }

  // What sampling took, of models that sample.
  static std::string cost(const RestoreResult& result) {
    if (result.evaluations <= 1) return "";
    return cat(result.evaluations, " evaluations", result.tiles > 1 ? cat(" of ", result.tiles, " tiles") : "");
  }

  std::string summary(const RestoreResult& result) const {
    const std::vector<Prediction>& predictions = result.recognition.predictions;
    if (predictions.empty()) return "restored";
    const Prediction& best = predictions.front();
    if (arguments_.restore.instruction) return asked_for(result);
    if (!arguments_.prompt.empty())
      return cat("steered by \"", arguments_.prompt, "\", looks ", best.label, " (", percent(best.probability), ")");
    if (result.untouched) return left_as_it_is(result);
    if (result.degradation == best.label && best.label != "clean" && !result.recognition.findings.empty())
      return findings_of(result);
    if (result.degradation == best.label) return cat(best.label, " (", percent(best.probability), ")");
    return cat("taken as ", result.degradation, ", looks ", best.label, " (", percent(best.probability), ")");
  }

  // "asked for rainy, keeps hazy"
  std::string asked_for(const RestoreResult& result) const {
    const Instruction& instruction = *arguments_.restore.instruction;
    std::string text = instruction.everything ? "asked for everything" : "asked for";
    if (!result.repairs.empty())
      text += cat(instruction.everything ? ": " : " ", joined(result.repairs.front(), " and "));
    if (!instruction.kept.empty()) text += cat(", keeps ", joined(instruction.kept, " and "));
    return result.untouched ? cat(text, ", nothing found, left as it is") : text;
  }

  static std::string left_as_it_is(const RestoreResult& result) {
    const std::string probability = percent(result.recognition.predictions.front().probability);
    switch (result.reason) {
      case UntouchedReason::featureless: return "nothing to see, left as it is";
      case UntouchedReason::white_areas:
        return cat("looks like holes (", probability,
                   "), but the white may belong to the picture: left as it is, holes need a --mask");
      case UntouchedReason::clean: break;
    }
    return cat("clean (", probability, "), left as it is");
  }

  // "noisy (98 %) and hazy (91 %), then rainy": what the first pass found, and what later ones did.
  static std::string findings_of(const RestoreResult& result) {
    std::string text;
    const std::vector<std::string>& first = result.repairs.front();
    for (size_t i = 0; i < first.size(); ++i)
      text += cat(i == 0 ? "" : " and ", first[i], " (", percent(result.recognition.findings[i].probability), ")");
    for (size_t pass = 1; pass < result.repairs.size(); ++pass) {
      text += ", then " + joined(result.repairs[pass], " and ");
    }
    return text;
  }

  // Every message names its input once.
  static std::string named(const Job& job, const std::string& message) {
    const std::string name = job.input.standard_input() ? "standard input" : job.input.path.string();
    const bool has_name = message.starts_with(name) || message.starts_with(job.output.string());
    return has_name ? message : cat(name, ": ", message);
  }

  // Other programs have masks the other way round.
  void warn_of_large_holes(const Mask& mask) {
    const double share = double(std::ranges::count(mask.keep, 0)) / double(std::max<size_t>(mask.keep.size(), 1));
    if (share > 0.5)
      progress_.line(cat("daclip: ", arguments_.mask, ": the mask repaints ", percent(float(share)), " of the photo; ",
                         arguments_.mask_holes == "black"
                             ? "white keeps, black is repainted; --mask-holes white turns it over"
                             : "black keeps, white is repainted"));
  }

  void fail(const std::string& message) {
    ++failed_;
    progress_.line("daclip: " + message);
  }

  const RestoreArguments& arguments_;
  const Plan& plan_;
  Restorer& restorer_;
  Prefetch prefetch_;
  ProgressBar progress_;
  Report report_;
  size_t restored_ = 0, kept_ = 0, failed_ = 0, unsure_ = 0;
};

// Each context can be replaced once, and only where the model's network takes it.
void check_contexts(const Model& model, const RestoreArguments& arguments) {
  struct Context {
    const char* name;
    bool taken;
    std::vector<std::string> options;
  };
  Context content{"content", model.takes_content(), {}}, degradation{"degradation", model.takes_degradation(), {}};
  if (!arguments.caption.empty()) content.options.emplace_back("--caption");
  if (!arguments.clean.empty()) content.options.emplace_back("--clean");
  if (!arguments.prompt.empty()) degradation.options.emplace_back("--prompt");
  if (!arguments.restore.degradation.empty()) degradation.options.emplace_back("--degradation");
  const std::string& zero = arguments.zero_context;
  for (Context* context : {&content, &degradation}) {
    std::vector<std::string>& options = context->options;
    if (zero == context->name || zero == "both") options.push_back("--zero-context " + zero);
    if (options.size() > 1) throw UsageError(options[0] + " excludes " + options[1]);
    if (options.empty() || options[0] == "--degradation" || context->taken) continue;
    throw UsageError(options[0] + ": the network of model " + model.name() + " takes no " + context->name);
  }
}

// Embeddings in place of the photo's own.
ConditioningChoice conditioning_of(const RestoreArguments& arguments, Restorer& restorer) {
  using Source = EmbeddingChoice::Source;
  ConditioningChoice choice;
  const std::string& zero = arguments.zero_context;
  if (zero == "content" || zero == "both") choice.content.source = Source::zero;
  if (zero == "degradation" || zero == "both") choice.degradation.source = Source::zero;
  if (!arguments.clean.empty())
    choice.content = {Source::image, restorer.embed_clean_image(read_image(arguments.clean))};
  if (!arguments.prompt.empty() && !arguments.restore.instruction)
    choice.degradation = {Source::words, restorer.embed_text(arguments.prompt)};
  if (!arguments.caption.empty()) choice.content = {Source::words, restorer.embed_text(arguments.caption)};
  return choice;
}

void understand_prompt(RestoreArguments& arguments, Restorer& restorer) {
  const Instruction instruction = restorer.understand(arguments.prompt);
  if (!instruction.unknown_words.empty())
    complain("--prompt: words that the model does not know: " + joined(instruction.unknown_words));
  arguments.restore.instruction = instruction;
}

int run_restore(RestoreArguments arguments) {
  const Plan plan = plan_jobs(arguments.inputs, arguments.output);
  const bool words = !arguments.prompt.empty() || !arguments.caption.empty();
  const Model model = open_model(arguments.runtime, words);
  Restorer restorer(model, arguments.runtime.threads);
  check_contexts(model, arguments);
  if (!arguments.prompt.empty() && model.understands_instructions()) understand_prompt(arguments, restorer);
  restorer.check(arguments.restore);
  arguments.restore.conditioning = conditioning_of(arguments, restorer);
  if (!arguments.mask.empty())
    arguments.restore.mask = Mask::from_image(
        read_image(arguments.mask), arguments.mask_holes == "white" ? Mask::Holes::white : Mask::Holes::black);
  return RestoreRun(arguments, plan, model, restorer).run();
}

// What stands in the place of what DA-CLIP makes of the photo, and how a diffusion model samples.
void add_model_options(CLI::App& verb, RestoreArguments& arguments) {
  verb.add_option("--degradation", arguments.restore.degradation,
                  "Take this as what is wrong instead of recognising it, e.g. noisy")
      ->type_name("NAME");
  const CLI::Validator some_text(
      [](const std::string& text) {
        return text.find_first_not_of(" \t\n") == std::string::npos ? "expected a sentence" : "";
      },
      "TEXT");
  verb.add_option("--prompt", arguments.prompt,
                  "Say in words what to repair, e.g. \"remove the rain but keep the fog\"")
      ->check(some_text)
      ->type_name("TEXT");
  verb.add_option("--caption", arguments.caption, "Say in words what the photo shows")->type_name("TEXT");
  verb.add_option("--clean", arguments.clean, "Take what the photo shows from this good version of it")
      ->type_name("FILE");
  verb.add_option("--zero-context", arguments.zero_context, "Tell the network nothing: content, degradation or both")
      ->check(CLI::IsMember({"content", "degradation", "both"}));
  const std::vector<std::string_view> samplers = sampler_names();
  verb.add_option("--sampler", arguments.restore.sampler.sampler,
                  "Diffusion models: how to sample (default " + std::string(default_sampler()) + ")")
      ->check(CLI::IsMember(std::vector<std::string>(samplers.begin(), samplers.end())));
  verb.add_option("--steps", arguments.restore.sampler.steps,
                  cat("Diffusion models: evaluations of the network (default ", kFewSteps,
                      " for the mars samplers, all that the model was trained with for the others)"))
      ->check(CLI::Range(1, 1 << 16));
  verb.add_option("--seed", arguments.restore.sampler.seed,
                  "Diffusion models: another number gives another sample (default 0)");
}

}  // namespace

void add_restore(CLI::App& program, Run& run) {
  auto arguments = std::make_shared<RestoreArguments>();
  arguments->output.fallback.clear();  // each photo's own format
  CLI::App& verb = *program.add_subcommand("restore", "Recognise what is wrong with photos and repair them");
  verb.add_option("IN", arguments->inputs, inputs_help())->type_name("FILE|FOLDER|-")->required();
  verb.add_option("-o,--out", arguments->output.out,
                  "Output: a file for one photo, a folder (OUT/<name> each), or - for standard output")
      ->type_name("FILE|FOLDER|-")
      ->required();
  verb.add_flag("-r,--recursive", arguments->output.recursive,
                "Take photos of sub-folders too and keep the sub-folders");
  add_format_options(verb, arguments->output.format, arguments->output.quality,
                     "Format of the outputs in a folder (default: each photo's own; of what is only read png, or tiff)",
                     "like the photo's own where the format stays, else 95");
  verb.add_option("--suffix", arguments->output.suffix,
                  "Put this before the ending of outputs in a folder, e.g. -restored")
      ->type_name("TEXT");
  verb.add_flag("--all-pages", arguments->output.all_pages,
                "Restore every page or frame of a file with several, into a TIFF");
  verb.add_flag("--skip-existing", arguments->output.skip_existing,
                "Keep outputs that are there already, so that an interrupted folder goes on");
  verb.add_option("--strip", arguments->strip,
                  "Leave out all metadata (the colour profile stays), or where it was taken")
      ->check(CLI::IsMember({"all", "gps"}));
  add_model_options(verb, *arguments);
  verb.add_option(
          "--mask", arguments->mask,
          "Inpainting: a picture of the photo's size, white keeps, black is painted anew; or its transparent parts")
      ->type_name("FILE");
  verb.add_option("--mask-holes", arguments->mask_holes, "Which pixels of the mask are painted anew: black or white")
      ->check(CLI::IsMember({"black", "white"}))
      ->capture_default_str();
  verb.add_option("--strength", arguments->restore.strength,
                  "Blend with the input: 0 leaves it as it is, 1 takes all of the repair")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb.add_option("--passes", arguments->restore.passes,
                  "Look again after a repair and repair what is left, at most so many times in all")
      ->check(CLI::Range(1, kMostPasses))
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
      "and metadata are kept. Nothing is started when two inputs would write one file.");
  verb.callback([arguments, &run] { run = [arguments] { return run_restore(*arguments); }; });
}

}  // namespace daclip::app
