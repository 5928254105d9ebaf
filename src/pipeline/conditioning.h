// What steers the restoration network: DA-CLIP's embeddings of the photo, or what is chosen in their place.
#pragma once

#include "pipeline/classifier.h"

namespace daclip {

// Where an embedding comes from (DA-CLIP, Figure 9).
struct EmbeddingChoice {
  enum class Source {
    photo,  // the photo's own
    words,  // `embedding` is a text's (words.h) or a label's: its direction, at the length of the photo's own
    image,  // `embedding` is another image's, taken as it is: of the clean photo, it is the upper bound
    zero,   // nothing
  } source = Source::photo;
  std::vector<float> embedding;  // of `words` and `image`: (embedding), of any length above 0
};

struct ConditioningChoice {
  EmbeddingChoice content, degradation;
};

// The photo's embeddings with the chosen ones in their place; the probabilities stay the photo's. Throws UsageError
// where an embedding is not as long as the photo's.
Conditioning choose(Conditioning of_photo, const ConditioningChoice& choice);

}  // namespace daclip
