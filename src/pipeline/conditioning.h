// Chooses the embeddings that condition the restoration network: the photo's own, or replacements.
#pragma once

#include "daclip/restorer.h"

namespace daclip {

// Replaces the photo's embeddings by the chosen ones; the probabilities stay the photo's. Throws UsageError if a chosen
// embedding differs in length from the photo's.
Conditioning choose(Conditioning of_photo, const ConditioningChoice& choice);

}  // namespace daclip
