// A small evaluation: two methods, two sets of one group, and a set without truth.
#pragma once

#include <string>
#include <vector>

#include "eval/report.h"

namespace daclip::test {

inline Result sample_result(const std::string& dataset, const std::string& degradation, const std::string& image,
                            const std::string& method, double psnr, double input) {
  Result r;
  r.dataset = dataset, r.degradation = degradation, r.image = image, r.method = method;
  r.psnr = psnr, r.psnr_input = input;
  r.seconds = 0.5;
  r.truth = {degradation};
  return r;
}

inline void recognise(Result& r, const std::string& label, double confidence) {
  r.predicted = label, r.confidence = confidence;
  r.probabilities = {{label, confidence}, {"clean", 1 - confidence}};
}

inline std::vector<Result> sample_results() {
  std::vector<Result> results;
  for (const auto& [method, more] : {std::pair<std::string, double>{"ours", 0}, {"other_one", 1}}) {
    results.push_back(sample_result("CBSD68", "noisy", "a", method, 26 + more, 15));
    results.push_back(sample_result("CBSD68", "noisy", "b", method, 28 + more, 15));
    results.push_back(sample_result("Rain100H", "rainy", "1", method, 20 - more, 12));
    results.push_back(sample_result("Rain100H", "rainy", "2", method, 22 - more, 12));
    Result failed = sample_result("Rain100H", "rainy", "3", method, 50, 12);
    failed.error = "3.png: cut off <here>";
    results.push_back(failed);
  }
  for (size_t i = 0; i < 4; ++i) recognise(results[i], i == 1 ? "jpeg-compressed" : results[i].degradation, 0.75);
  return results;
}

inline ReportOptions sample_options() {
  ReportOptions options;
  options.datasets["CBSD68"].paper = "9 unified";
  options.datasets["Rain100H"].paper = "9 unified";
  return options;
}

}  // namespace daclip::test
