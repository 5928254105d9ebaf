// Quality of recognition: accuracy, confusion, calibration, and pictures with several true labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace daclip {

// The recognition of one picture.
struct RecognisedPicture {
  std::vector<int> truth;   // the true labels: usually one, several for mixed degradations
  std::vector<int> ranked;  // labels, most probable first: only the top one, or as many as are known
  double confidence = 0;    // the top label's probability, [0,1]
};

struct ConfusedPair {
  int truth = 0, predicted = 0;
  int64_t count = 0;
};

// Pictures whose confidence lies in (low, high]. The first bin includes its lower end.
struct ReliabilityBin {
  double low = 0, high = 0;
  int64_t count = 0;
  double confidence = 0, accuracy = 0;  // means over the bin; 0 if it is empty
};

struct RecognitionReport {
  int64_t count = 0, hits = 0;  // all pictures; hits are those whose top label is a true one
  double accuracy = 0;          // hits / count; NaN without pictures, like every fraction below
  double macro_accuracy = 0;    // mean over the labels that occur, of pictures with one true label

  // For pictures with one true label:
  std::vector<std::vector<int64_t>> confusion;  // [truth][predicted]
  std::vector<double> per_label;                // NaN if no picture has the label
  std::vector<ConfusedPair> confused;           // misclassifications, most frequent first

  // For pictures with several true labels, k of them:
  int64_t mixed = 0, mixed_hits = 0;
  int64_t mixed_ranked = 0;  // those whose k best labels are known, to which the next two apply
  double mixed_recall = 0;   // mean fraction of the true labels among the k best
  double mixed_exact = 0;    // fraction of pictures whose k best labels are exactly the true ones

  double ece = 0;  // expected calibration error (Guo et al. 2017): mean |confidence - accuracy|
  std::vector<ReliabilityBin> reliability;  // bins of equal width; ECE weights them by their count
};

// Throws UsageError for a picture without truth or prediction, a label outside [0, labels), or a confidence outside
// [0,1].
RecognitionReport report_recognition(std::span<const RecognisedPicture> pictures, int labels, int bins = 10);

struct Share {
  double low = 0, high = 1;
};

// Wilson's 95 % interval of the fraction hits / n; [0,1] if n is 0.
Share wilson_interval(int64_t hits, int64_t n);

}  // namespace daclip
