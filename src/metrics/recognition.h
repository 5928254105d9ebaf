// How well a classifier recognises: accuracy, confusion, calibration, and pictures with several right answers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace daclip {

// What was recognised in one picture.
struct RecognisedPicture {
  std::vector<int> truth;   // the right labels: one for most pictures, several where degradations are mixed
  std::vector<int> ranked;  // labels, best first: the top one alone, or as many as are known
  double confidence = 0;    // the top label's probability, [0,1]
};

struct ConfusedPair {
  int truth = 0, predicted = 0;
  int64_t count = 0;
};

// Pictures whose confidence lies in (low, high], the first bin with its lower end.
struct ReliabilityBin {
  double low = 0, high = 0;
  int64_t count = 0;
  double confidence = 0, accuracy = 0;  // means; 0 in an empty bin
};

struct RecognitionReport {
  int64_t count = 0, hits = 0;  // all pictures; a hit: the top label is among the right ones
  double accuracy = 0;          // hits / count; NaN without pictures, like every share below
  double macro_accuracy = 0;    // mean over the labels that pictures of one label have

  // Of the pictures with one right label.
  std::vector<std::vector<int64_t>> confusion;  // [truth][predicted]
  std::vector<double> per_label;                // NaN where no picture has the label
  std::vector<ConfusedPair> confused;           // the mistakes, most frequent first

  // Of the pictures with several right labels, k of them.
  int64_t mixed = 0, mixed_hits = 0;
  int64_t mixed_ranked = 0;  // those of which the k best labels are known: the next two are of these
  double mixed_recall = 0;   // mean share of the right labels that are among the k best
  double mixed_exact = 0;    // share of pictures whose k best labels are the right ones

  double ece = 0;  // expected calibration error (Guo et al. 2017): mean |confidence - accuracy|
  std::vector<ReliabilityBin> reliability;  // over bins of equal width, weighted by their pictures
};

// Throws UsageError for a picture without truth or prediction, a label outside [0, labels) or a confidence outside
// [0,1].
RecognitionReport report_recognition(std::span<const RecognisedPicture> pictures, int labels, int bins = 10);

struct Share {
  double low = 0, high = 1;
};

// Wilson's 95 % interval of a share; [0,1] where n is 0.
Share wilson_interval(int64_t hits, int64_t n);

}  // namespace daclip
