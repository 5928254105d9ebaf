#include "metrics/recognition.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace daclip {
namespace {

double share(int64_t part, int64_t whole) {
  return whole > 0 ? double(part) / double(whole) : std::numeric_limits<double>::quiet_NaN();
}

bool contains(std::span<const int> labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

void check(const RecognisedPicture& picture, size_t index, int labels) {
  const auto valid = [&](const std::vector<int>& list) {
    return !list.empty() && std::all_of(list.begin(), list.end(), [&](int l) { return l >= 0 && l < labels; });
  };
  if (!valid(picture.truth) || !valid(picture.ranked))
    throw UsageError(
        cat("recognition of picture ", index, ": expected true labels and predictions in [0,", labels, ")"));
  if (!(picture.confidence >= 0 && picture.confidence <= 1))
    throw UsageError(cat("recognition of picture ", index, ": confidence ", picture.confidence, " is not in [0,1]"));
}

int bin_of(double confidence, int bins) { return std::clamp(int(std::ceil(confidence * bins)) - 1, 0, bins - 1); }

// Accumulates sums; finish() turns them into means.
void count_mixed(const RecognisedPicture& picture, bool hit, RecognitionReport& report) {
  ++report.mixed;
  report.mixed_hits += hit;
  const size_t k = picture.truth.size();
  if (picture.ranked.size() < k) return;
  const auto best = std::span(picture.ranked).first(k);
  const int64_t found =
      std::count_if(picture.truth.begin(), picture.truth.end(), [&](int label) { return contains(best, label); });
  ++report.mixed_ranked;
  report.mixed_recall += double(found) / double(k);
  report.mixed_exact += found == int64_t(k);
}

void finish_labels(RecognitionReport& report) {
  const int labels = int(report.confusion.size());
  double sum = 0;
  int seen = 0;
  for (int truth = 0; truth < labels; ++truth) {
    const std::vector<int64_t>& row = report.confusion[size_t(truth)];
    int64_t total = 0;
    for (const int64_t n : row) total += n;
    report.per_label.push_back(share(row[size_t(truth)], total));
    if (total > 0) sum += report.per_label.back(), ++seen;
    for (int predicted = 0; predicted < labels; ++predicted)
      if (predicted != truth && row[size_t(predicted)] > 0)
        report.confused.push_back({truth, predicted, row[size_t(predicted)]});
  }
  report.macro_accuracy = seen ? sum / seen : std::numeric_limits<double>::quiet_NaN();
  std::stable_sort(report.confused.begin(), report.confused.end(),
                   [](const ConfusedPair& a, const ConfusedPair& b) { return a.count > b.count; });
}

void finish_shares(RecognitionReport& report) {
  report.accuracy = share(report.hits, report.count);
  const double ranked = report.mixed_ranked ? double(report.mixed_ranked) : std::numeric_limits<double>::quiet_NaN();
  report.mixed_recall /= ranked;
  report.mixed_exact /= ranked;
  report.ece = report.count ? 0 : std::numeric_limits<double>::quiet_NaN();
  for (ReliabilityBin& bin : report.reliability) {
    if (bin.count == 0) continue;
    bin.confidence /= double(bin.count);
    bin.accuracy /= double(bin.count);
    report.ece += share(bin.count, report.count) * std::abs(bin.accuracy - bin.confidence);
  }
}

}  // namespace

RecognitionReport report_recognition(std::span<const RecognisedPicture> pictures, int labels, int bins) {
  if (labels < 1 || bins < 1) throw UsageError("recognition: expected at least one label and one bin");
  RecognitionReport report;
  report.confusion.assign(size_t(labels), std::vector<int64_t>(size_t(labels)));
  for (int i = 0; i < bins; ++i) report.reliability.push_back({double(i) / bins, double(i + 1) / bins, 0, 0, 0});

  for (size_t i = 0; i < pictures.size(); ++i) {
    const RecognisedPicture& picture = pictures[i];
    check(picture, i, labels);
    const bool hit = contains(picture.truth, picture.ranked[0]);
    ++report.count;
    report.hits += hit;
    if (picture.truth.size() == 1)
      ++report.confusion[size_t(picture.truth[0])][size_t(picture.ranked[0])];
    else
      count_mixed(picture, hit, report);
    ReliabilityBin& bin = report.reliability[size_t(bin_of(picture.confidence, bins))];
    ++bin.count;
    bin.confidence += picture.confidence;
    bin.accuracy += hit;
  }
  finish_labels(report);
  finish_shares(report);
  return report;
}

Share wilson_interval(int64_t hits, int64_t n) {
  if (n <= 0) return {};
  constexpr double z = 1.959963984540054;
  const double p = double(hits) / double(n), count = double(n);
  const double centre = (p + z * z / (2 * count)) / (1 + z * z / count);
  const double half = z / (1 + z * z / count) * std::sqrt(p * (1 - p) / count + z * z / (4 * count * count));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace daclip
