// Runs methods on test sets. Other threads load pictures in advance and measure outputs, so that the network never
// waits.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/test_set.h"
#include "eval/journal.h"
#include "eval/measures.h"
#include "eval/method.h"

namespace daclip {

struct EvalOptions {
  std::filesystem::path report;  // folder of the journal and the pictures
  MeasureOptions measures;
  size_t limit = 0;      // number of images per set; 0: all
  bool pictures = true;  // keep the methods' outputs, see picture_path
  bool fresh = false;    // discard the results of earlier runs in the folder
  int workers = 1;       // number of loading threads, and of measuring threads
  // makes a float32 backend with one thread, for each measuring thread
  std::function<std::unique_ptr<Backend>()> backend;
};

struct EvalOutcome {
  // the whole report's, by set, method and image; sets and methods only in earlier runs come last
  std::vector<Result> results;
  std::vector<SetFigure> figures;           // of every set and method, and of the inputs as method "input"
  size_t done = 0, kept = 0, failed = 0;    // images of this run, images kept from earlier runs, errors
  double seconds = 0, network_seconds = 0;  // of this run, and of its network methods
};

class Evaluation {
 public:
  // Opens the journal. Throws what Journal and Measures throw, and UsageError if two methods have the same name.
  Evaluation(std::vector<TestSet> sets, std::vector<Method> methods, EvalOptions options);

  size_t pending() const { return pending_; }  // outputs still to be made
  // One line each: problems of the sets, unavailable metrics, and damaged lines whose images are evaluated again.
  const std::vector<std::string>& problems() const { return problems_; }
  const std::vector<std::string>& notices() const { return notices_; }

  // Both are called on the thread that calls run().
  struct Events {
    std::function<void(size_t done, double share, const std::string& name)> progress;
    std::function<void(const std::string& line)> error;
  };
  // An error of an image is recorded in its row. Throws IoError if the report cannot be written.
  EvalOutcome run(const Events& events);

  // Writes the inputs and truths of these images, (dataset, image) each, to picture_path. Images that cannot be read or
  // do not belong to this evaluation are skipped. Throws IoError if one cannot be written.
  void write_originals(const std::vector<std::pair<std::string, std::string>>& images) const;

 private:
  struct Task {
    size_t set, image;
    std::vector<size_t> methods;  // methods that still have to run on it
  };
  struct Item;
  struct Job;

  EvalSettings settings() const;
  void plan();
  std::shared_ptr<Item> load(const Task& task) const;
  Job restore(const Task& task, size_t method, const std::shared_ptr<Item>& item, const Events& events) const;
  void measure(Measures& measures, Job& job) const;
  void finish(const Job& job, const Events& events);
  std::vector<Result> ordered_results() const;
  std::vector<SetFigure> set_figures(const std::vector<Result>& results) const;

  std::vector<TestSet> sets_;
  std::vector<Method> methods_;
  EvalOptions options_;
  std::vector<std::unique_ptr<Backend>> backends_;
  std::vector<std::unique_ptr<Measures>> measures_;  // one per worker
  std::vector<std::string> problems_, notices_;
  std::unique_ptr<Journal> journal_;
  std::vector<Task> tasks_;
  size_t pending_ = 0, kept_ = 0;
  EvalOutcome outcome_;
};

}  // namespace daclip
