#include "eval/run.h"

#include <algorithm>
#include <deque>
#include <future>
#include <mutex>
#include <new>
#include <set>
#include <tuple>

#include "core/clock.h"
#include "core/error.h"
#include "core/labels.h"
#include "image/io.h"
#include "metrics/frechet.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

std::string message_of(const std::exception& error) {
  return dynamic_cast<const std::bad_alloc*>(&error) ? "not enough memory" : error.what();
}

// Everything that a set's values depend on.
std::string describe(const TestSet& set) {
  const auto folder = [](const fs::path& file) { return fs::absolute(file).lexically_normal().parent_path().string(); };
  std::string text = degradation_of(set);
  if (set.images.empty()) return text;
  const TestImage& first = set.images.front();
  if (!first.lq.empty()) text += " LQ " + folder(first.lq);
  if (!first.gt.empty()) text += " GT " + folder(first.gt);
  if (!first.mask.empty()) text += " masks " + folder(first.mask);
  if (set.grey) text += " in black and white";
  if (set.recipe) text += cat(" made by ", to_text(*set.recipe), " seed ", set.seed);
  return text;
}

void keep_picture(const fs::path& path, const Image& image) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);  // an error shows up when the file is written
  write_image(path, image, image_format("png"));
}

}  // namespace

// One image of a set, shared by the methods that process it.
struct Evaluation::Item {
  View input;
  std::optional<View> truth;
  Image lq;
  std::once_flag looked;
  Scores scores;  // of the input
};

// One method's output, waiting to be measured.
struct Evaluation::Job {
  std::shared_ptr<Item> item;
  const Method* method = nullptr;
  MethodOutput output;
  Features features;
  Result result;
};

Evaluation::Evaluation(std::vector<TestSet> sets, std::vector<Method> methods, EvalOptions options)
    : sets_(std::move(sets)), methods_(std::move(methods)), options_(std::move(options)) {
  std::set<std::string> names = {"input", "truth"};
  for (const Method& method : methods_)
    if (!names.insert(method.name).second)
      throw UsageError(cat("two methods have the name ", method.name, "; rename one with NAME=..."));
  for (int i = 0; i < std::max(1, options_.workers); ++i) {
    backends_.push_back(options_.backend());
    measures_.push_back(std::make_unique<Measures>(*backends_.back(), options_.measures));
  }
  journal_ = std::make_unique<Journal>(options_.report, settings(), options_.fresh);
  notices_ = measures_[0]->notices();
  notices_.insert(notices_.end(), journal_->problems().begin(), journal_->problems().end());
  for (const TestSet& set : sets_) problems_.insert(problems_.end(), set.problems.begin(), set.problems.end());
  plan();
}

EvalSettings Evaluation::settings() const {
  EvalSettings settings;
  settings.crop_border = options_.measures.crop_border;
  settings.metrics = measures_[0]->metrics();
  for (const Method& method : methods_) settings.methods[method.name] = method.identity;
  for (const TestSet& set : sets_) settings.sets[set.name] = describe(set);
  return settings;
}

void Evaluation::plan() {
  for (size_t s = 0; s < sets_.size(); ++s) {
    const size_t count = sets_[s].images.size();
    for (size_t i = 0; i < (options_.limit ? std::min(options_.limit, count) : count); ++i) {
      Task task{s, i, {}};
      for (size_t m = 0; m < methods_.size(); ++m)
        if (journal_->done(sets_[s].name, sets_[s].images[i].name, methods_[m].name))
          ++kept_;
        else
          task.methods.push_back(m);
      pending_ += task.methods.size();
      if (!task.methods.empty()) tasks_.push_back(std::move(task));
    }
  }
}

std::shared_ptr<Evaluation::Item> Evaluation::load(const Task& task) const {
  TestPair pair = load_pair(sets_[task.set], task.image);
  const auto item = std::make_shared<Item>();
  item->lq = from_rgb(pair.lq);
  item->input.image = std::move(pair.lq);
  if (pair.gt) item->truth = View{std::move(*pair.gt)};
  return item;
}

Evaluation::Job Evaluation::restore(const Task& task, size_t index, const std::shared_ptr<Item>& item,
                                    const Events& events) const {
  const TestSet& set = sets_[task.set];
  const std::string& image = set.images[task.image].name;
  Job job;
  job.item = item;
  job.method = &methods_[index];
  Result& result = job.result;
  result.dataset = set.name;
  result.degradation = degradation_of(set);
  result.image = image;
  result.method = job.method->name;
  for (const int label : set.labels) result.truth.emplace_back(kLabels[size_t(label)]);
  if (!item) return job;

  const size_t done = outcome_.done + outcome_.failed;
  const auto progress = [&](double share) { events.progress(done, share, cat(set.name, " ", image)); };
  progress(0);
  const auto start = Clock::now();
  try {
    job.output = job.method->run(set, task.image, item->lq, progress);
  } catch (const std::exception& error) {
    result.error = message_of(error);
  }
  if (job.method->network) result.seconds = seconds_since(start);
  result.predicted = job.output.predicted;
  result.confidence = job.output.confidence;
  result.probabilities = std::move(job.output.probabilities);
  result.untouched = job.output.untouched;
  result.unsure = job.output.unsure;
  return job;
}

void Evaluation::measure(Measures& measures, Job& job) const {
  Item& item = *job.item;
  Result& result = job.result;
  const View* truth = item.truth ? &*item.truth : nullptr;
  std::call_once(item.looked, [&] {
    measures.look(item.input);
    if (item.truth) measures.look(*item.truth);
    item.scores = measures.score(item.input, truth);
  });
  result.psnr_input = item.scores.psnr;
  result.ssim_input = item.scores.ssim;
  result.lpips_input = item.scores.lpips;
  result.brisque_input = item.scores.brisque;
  if (!job.output.image) return;

  const Image& image = *job.output.image;
  if (image.width != item.lq.width || image.height != item.lq.height)
    throw FormatError(cat("the output has ", image.width, "x", image.height, " pixels, the input ", item.lq.width, "x",
                          item.lq.height));
  View output{to_rgb(image)};
  measures.look(output);
  const Scores scores = measures.score(output, truth);
  result.psnr = scores.psnr;
  result.ssim = scores.ssim;
  result.psnr_y = scores.psnr_y;
  result.ssim_y = scores.ssim_y;
  result.lpips = scores.lpips;
  result.brisque = scores.brisque;
  job.features = std::move(output.features);
  if (options_.pictures)
    keep_picture(picture_path(options_.report, result.dataset, result.image, result.method), image);
}

// Writes the features before the row, so that every row of the journal has its features.
void Evaluation::finish(const Job& job, const Events& events) {
  const Result& r = job.result;
  if (r.error.empty()) {
    const auto add = [&](const std::string& who, const Features& features) {
      if (!features.empty() && !journal_->has_features(r.dataset, r.image, who))
        journal_->add_features(r.dataset, r.image, who, features);
    };
    add("input", job.item->input.features);
    if (job.item->truth) add("truth", job.item->truth->features);
    add(r.method, job.features);
    ++outcome_.done;
  } else {
    ++outcome_.failed;
    events.error(cat(r.dataset, " ", r.image, " ", r.method, ": ", r.error));
  }
  journal_->add(r);
  if (job.method->network) outcome_.network_seconds += r.seconds;
}

EvalOutcome Evaluation::run(const Events& events) {
  const auto start = Clock::now();
  outcome_ = {};
  outcome_.kept = kept_;
  const size_t workers = measures_.size();
  std::deque<std::future<std::shared_ptr<Item>>> loading;
  std::deque<std::future<Job>> measuring;
  size_t loaded = 0, measured = 0;
  const auto finish_all_but = [&](size_t rest) {
    for (; measuring.size() > rest; measuring.pop_front()) finish(measuring.front().get(), events);
  };
  for (size_t t = 0; t < tasks_.size(); ++t) {
    for (; loaded < std::min(tasks_.size(), t + 1 + workers); ++loaded)
      loading.push_back(std::async(std::launch::async, [this, &task = tasks_[loaded]] { return load(task); }));
    std::shared_ptr<Item> item;
    std::string error;
    try {
      item = loading.front().get();
    } catch (const std::exception& e) {
      error = message_of(e);
    }
    loading.pop_front();
    for (const size_t method : tasks_[t].methods) {
      Job job = restore(tasks_[t], method, item, events);
      if (!item) job.result.error = error;
      if (!job.result.error.empty()) {
        finish(job, events);
        continue;
      }
      // Frees a worker's measures: its previous job is among the finished ones.
      finish_all_but(workers - 1);
      measuring.push_back(std::async(
          std::launch::async, [this, &measures = *measures_[measured++ % workers], job = std::move(job)]() mutable {
            try {
              measure(measures, job);
            } catch (const std::exception& e) {
              job.result.error = message_of(e);
            }
            return std::move(job);
          }));
    }
  }
  finish_all_but(0);
  outcome_.seconds = seconds_since(start);
  outcome_.results = ordered_results();
  outcome_.figures = set_figures(outcome_.results);
  return std::move(outcome_);
}

std::vector<Result> Evaluation::ordered_results() const {
  std::map<std::string, size_t> set_order, method_order;
  for (const TestSet& set : sets_) set_order.emplace(set.name, set_order.size());
  for (const Method& method : methods_) method_order.emplace(method.name, method_order.size());
  std::vector<Result> results = journal_->results();
  for (const Result& r : results) {
    set_order.emplace(r.dataset, set_order.size());
    method_order.emplace(r.method, method_order.size());
  }
  std::sort(results.begin(), results.end(), [&](const Result& a, const Result& b) {
    return std::tie(set_order[a.dataset], method_order[a.method], a.image) <
           std::tie(set_order[b.dataset], method_order[b.method], b.image);
  });
  return results;
}

std::vector<SetFigure> Evaluation::set_figures(const std::vector<Result>& results) const {
  std::vector<std::pair<std::string, std::string>> pairs;  // dataset, method
  std::set<std::pair<std::string, std::string>> known;
  for (const Result& r : results)
    for (const std::string& who : {std::string("input"), r.method})
      if (known.emplace(r.dataset, who).second) pairs.emplace_back(r.dataset, who);
  std::vector<SetFigure> figures;
  for (const Metric& metric : metrics()) {
    if (!metric.of_sets()) continue;
    const std::string name(metric.name);
    for (const auto& [dataset, who] : pairs) {
      const auto truths = journal_->features(dataset, "truth", name), own = journal_->features(dataset, who, name);
      FeatureStatistics of_truth, of_method;
      for (const auto& [image, values] : own)
        if (const auto truth = truths.find(image); truth != truths.end()) {
          of_truth.add(truth->second);
          of_method.add(values);
        }
      if (of_method.count() < 2) continue;
      figures.push_back(
          {dataset, who, name, frechet_distance(of_truth.gaussian(), of_method.gaussian()), int(of_method.count())});
    }
  }
  return figures;
}

void Evaluation::write_originals(const std::vector<std::pair<std::string, std::string>>& images) const {
  for (const TestSet& set : sets_)
    for (size_t i = 0; i < set.images.size(); ++i) {
      const std::string& name = set.images[i].name;
      if (std::find(images.begin(), images.end(), std::pair(set.name, name)) == images.end()) continue;
      TestPair pair;
      try {
        pair = load_pair(set, i);
      } catch (const Error&) {  // recorded in its row
        continue;
      }
      keep_picture(picture_path(options_.report, set.name, name, "input"), from_rgb(pair.lq));
      if (pair.gt) keep_picture(picture_path(options_.report, set.name, name, "truth"), from_rgb(*pair.gt));
    }
}

}  // namespace daclip
