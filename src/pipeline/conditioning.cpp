#include "pipeline/conditioning.h"

#include <algorithm>

#include "core/error.h"
#include "pipeline/length.h"

namespace daclip {
namespace {

void apply(const EmbeddingChoice& choice, std::vector<float>& embedding, const char* what) {
  using Source = EmbeddingChoice::Source;
  if (choice.source == Source::photo) return;
  if (choice.source == Source::zero) {
    std::fill(embedding.begin(), embedding.end(), 0.f);
    return;
  }
  if (choice.embedding.size() != embedding.size())
    throw UsageError(
        cat("the chosen ", what, " embedding has ", choice.embedding.size(), " values, expected ", embedding.size()));
  double factor = 1;
  if (choice.source == Source::words) factor = length_of(embedding) / length_of(choice.embedding);
  for (size_t i = 0; i < embedding.size(); ++i) embedding[i] = float(factor * choice.embedding[i]);
}

}  // namespace

Conditioning choose(Conditioning of_photo, const ConditioningChoice& choice) {
  apply(choice.content, of_photo.content, "content");
  apply(choice.degradation, of_photo.degradation, "degradation");
  return of_photo;
}

}  // namespace daclip
