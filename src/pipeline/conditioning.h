// What steers the restoration network: DA-CLIP's embeddings of the photo, or what is chosen in their place.
#pragma once

#include "daclip/restorer.h"

namespace daclip {

// The photo's embeddings with the chosen ones in their place; the probabilities stay the photo's. Throws UsageError
// where an embedding is not as long as the photo's.
Conditioning choose(Conditioning of_photo, const ConditioningChoice& choice);

}  // namespace daclip
