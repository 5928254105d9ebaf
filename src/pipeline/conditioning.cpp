#include "pipeline/conditioning.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace daclip {
namespace {

double length_of(const std::vector<float>& vector) {
  double sum = 0;
  for (const float v : vector) sum += double(v) * v;
  return std::sqrt(sum);
}

void apply(const EmbeddingChoice& choice, std::vector<float>& embedding, const char* what) {
  using Source = EmbeddingChoice::Source;
  if (choice.source == Source::photo) return;
  if (choice.source == Source::zero) {
    std::fill(embedding.begin(), embedding.end(), 0.f);
    return;
  }
  if (choice.embedding.size() != embedding.size())
    throw UsageError(cat("the chosen ", what, " embedding has ", choice.embedding.size(), " values, the model's ",
                         embedding.size()));
  double factor = 1;
  if (choice.source == Source::words) factor = length_of(embedding) / std::max(length_of(choice.embedding), 1e-12);
  for (size_t i = 0; i < embedding.size(); ++i) embedding[i] = float(factor * choice.embedding[i]);
}

}  // namespace

Conditioning choose(Conditioning of_photo, const ConditioningChoice& choice) {
  apply(choice.content, of_photo.content, "content");
  apply(choice.degradation, of_photo.degradation, "degradation");
  return of_photo;
}

}  // namespace daclip
