// Methods over test sets: pictures are loaded ahead and measured behind the network, which never waits for either.
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
  std::filesystem::path report;  // the folder of the journal and of the pictures
  MeasureOptions measures;
  size_t limit = 0;                                   // so many images of each set; 0: all
  bool pictures = true;                               // keep what the methods made, see picture_path
  bool fresh = false;                                 // forget what earlier runs left in the folder
  int workers = 1;                                    // threads that load, and as many that measure
  std::function<std::unique_ptr<Backend>()> backend;  // a new one in float32 with one thread, for each of the latter
};

struct EvalOutcome {
  std::vector<Result> results;     // all of the report's, by set, method and image; earlier runs' sets and methods last
  std::vector<SetFigure> figures;  // of every set and method, and of the method "input"
  size_t done = 0, kept = 0, failed = 0;    // images of this run, those of earlier ones, and errors
  double seconds = 0, network_seconds = 0;  // of this run, and of its methods with networks
};

class Evaluation {
 public:
  // Opens the journal. Throws what Journal and Measures throw, UsageError for two methods of one name.
  Evaluation(std::vector<TestSet> sets, std::vector<Method> methods, EvalOptions options);

  size_t pending() const { return pending_; }  // outputs that are still to be made
  // One line each: what is wrong with the sets; metrics that cannot be had, and damaged lines that are done again.
  const std::vector<std::string>& problems() const { return problems_; }
  const std::vector<std::string>& notices() const { return notices_; }

  // Both are called on the caller's thread.
  struct Events {
    std::function<void(size_t done, double share, const std::string& name)> progress;
    std::function<void(const std::string& line)> error;
  };
  // An error of one image becomes its row's. Throws IoError where the report cannot be written.
  EvalOutcome run(const Events& events);

  // Inputs and truths of these images, (dataset, image) each, to where picture_path says; those that cannot be read
  // or are not of this evaluation are left out. Throws IoError where one cannot be written.
  void write_originals(const std::vector<std::pair<std::string, std::string>>& images) const;

 private:
  struct Task {
    size_t set, image;
    std::vector<size_t> methods;  // that are still to be run on it
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
  std::vector<std::unique_ptr<Measures>> measures_;  // one a worker
  std::vector<std::string> problems_, notices_;
  std::unique_ptr<Journal> journal_;
  std::vector<Task> tasks_;
  size_t pending_ = 0, kept_ = 0;
  EvalOutcome outcome_;
};

}  // namespace daclip
