// A page of before and after: one HTML file that needs nothing else.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daclip/classifier.h"

namespace daclip::app {

class Report {
 public:
  struct Entry {
    std::string name;
    std::string degradation;              // what steered the network
    std::vector<Prediction> predictions;  // what was recognised, best first
    bool chosen = false;                  // the degradation was the user's word
    std::string left;                     // why it was left as it is, may be empty
    bool unsure = false;                  // the recognition that steered it, see pipeline/confidence.h
    std::string cost;                     // "10 evaluations", or nothing to say
    double seconds = 0;
  };

  // `photos`: how many will come; many of them are shown smaller. `note` stands at the top, may be empty.
  Report(std::string model, size_t photos, std::string note);

  // Both pictures have one size; reduced copies are kept.
  void add(const Entry& entry, const Image& before, const Image& after);

  // Throws IoError.
  void write(const std::filesystem::path& path) const;

 private:
  std::string model_, note_;
  int largest_side_;
  size_t count_ = 0;
  std::string body_;
};

}  // namespace daclip::app
