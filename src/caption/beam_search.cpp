#include "caption/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"

namespace daclip {
namespace {

constexpr float kImpossible = -std::numeric_limits<float>::infinity();

using Ids = std::vector<int64_t>;

// Works on logits or on log-probabilities, as the reference does.
void apply_rules(std::span<float> scores, const Ids& text, const TextSearch& options) {
  if (options.repetition_penalty != 1) {
    std::vector<float> before(scores.begin(), scores.end());
    const float penalty = float(options.repetition_penalty);
    for (const int64_t id : text) {
      const float score = before[size_t(id)];
      scores[size_t(id)] = score < 0 ? score * penalty : score / penalty;
    }
  }
  if (int(text.size()) < options.min_length) scores[size_t(options.end)] = kImpossible;
}

void to_log_probabilities(std::span<float> logits) {
  const float top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float v : logits) sum += std::exp(double(v - top));
  const float shift = top + float(std::log(sum));
  for (float& v : logits) v -= shift;
}

FoundText greedy(const NextLogits& next, std::span<const int64_t> prompt, const TextSearch& options) {
  FoundText found;
  found.ids.assign(prompt.begin(), prompt.end());
  while (int(found.ids.size()) < options.max_length) {
    std::vector<float> scores = next(found.ids, 1);
    apply_rules(scores, found.ids, options);
    found.ids.push_back(std::max_element(scores.begin(), scores.end()) - scores.begin());
    if (found.ids.back() == options.end) break;
  }
  return found;
}

// The best finished texts so far, at most as many as beams.
class Finished {
 public:
  explicit Finished(size_t beams) : beams_(beams) {}

  void add(const Ids& text, double log_probability) {
    const double score = log_probability / double(text.size());
    if (texts_.size() == beams_ && score <= texts_.back().score) return;
    const auto place = std::upper_bound(texts_.begin(), texts_.end(), score,
                                        [](double value, const FoundText& other) { return value > other.score; });
    texts_.insert(place, {text, score});
    if (texts_.size() > beams_) texts_.pop_back();
  }

  // Whether no text that is still being written, of this length and at best this probable, can be better.
  bool complete(double log_probability, size_t length) const {
    return texts_.size() == beams_ && texts_.back().score >= log_probability / double(length);
  }

  const FoundText& best() const { return texts_.front(); }

 private:
  size_t beams_;
  std::vector<FoundText> texts_;  // best first
};

struct Beam {
  Ids text;
  double log_probability;
};

FoundText beam_search(const NextLogits& next, std::span<const int64_t> prompt, const TextSearch& options) {
  const size_t count = size_t(options.beams);
  // All begin alike; only the first may compete in the first step.
  std::vector<Beam> beams(count, {Ids(prompt.begin(), prompt.end()), -1e9});
  beams[0].log_probability = 0;
  Finished finished(count);
  while (int(beams[0].text.size()) < options.max_length) {
    const size_t length = beams[0].text.size();
    Ids ids;
    for (const Beam& beam : beams) ids.insert(ids.end(), beam.text.begin(), beam.text.end());
    std::vector<float> scores = next(ids, int64_t(count));
    const size_t vocabulary = scores.size() / count;
    for (size_t i = 0; i < count; ++i) {
      const std::span<float> row(&scores[i * vocabulary], vocabulary);
      to_log_probabilities(row);
      apply_rules(row, beams[i].text, options);
      for (float& score : row) score += float(beams[i].log_probability);
    }
    std::vector<size_t> order(scores.size());
    std::iota(order.begin(), order.end(), size_t(0));
    const size_t candidates = std::min(2 * count, order.size());
    std::partial_sort(order.begin(), order.begin() + std::ptrdiff_t(candidates), order.end(),
                      [&](size_t a, size_t b) { return scores[a] > scores[b]; });
    std::vector<Beam> further;
    for (size_t rank = 0; rank < candidates && further.size() < count; ++rank) {
      const Beam& beam = beams[order[rank] / vocabulary];
      const int64_t id = int64_t(order[rank] % vocabulary);
      const double score = scores[order[rank]];
      if (id == options.end) {
        if (rank < count) finished.add(beam.text, score);
        continue;
      }
      further.push_back({beam.text, score});
      further.back().text.push_back(id);
    }
    const bool complete = finished.complete(scores[order[0]], length);
    beams = std::move(further);
    if (complete) {
      beams.clear();
      break;
    }
  }
  for (const Beam& beam : beams) finished.add(beam.text, beam.log_probability);
  FoundText found = finished.best();
  if (int(found.ids.size()) < options.max_length) found.ids.push_back(options.end);
  return found;
}

}  // namespace

FoundText search_text(const NextLogits& next, std::span<const int64_t> prompt, const TextSearch& options) {
  if (options.beams < 1 || prompt.empty() || int(prompt.size()) >= options.max_length ||
      !(options.repetition_penalty > 0))
    throw UsageError(cat("captions: ", options.beams, " beams, a prompt of ", prompt.size(), " tokens, at most ",
                         options.max_length, " tokens, repetition penalty ", options.repetition_penalty,
                         ": expected at least one beam, a prompt that leaves room, and a positive penalty"));
  return options.beams == 1 ? greedy(next, prompt, options) : beam_search(next, prompt, options);
}

}  // namespace daclip
