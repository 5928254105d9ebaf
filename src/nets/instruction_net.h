// The instruction network: what a sentence such as "remove the rain but keep the fog" asks for. CLIP's text tower reads
// its words; the projection of the last token gives log odds in place of an embedding.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nets/clip.h"

namespace daclip {

struct InstructionConfig {
  TextConfig text{32, 2, 96, 2, 4};  // the vocabulary is the words'
  int kinds = 10;                    // the labels before "clean"
};

// visit() lists the fields with their ranges. validate() throws FormatError "instruction.FIELD: VALUE: expected RANGE".
void visit(ConfigVisitor& visitor, InstructionConfig& config);
void validate(const InstructionConfig& config);

// ids (N * context) of a WordTokenizer -> (N, 4 * kinds + 1) log odds: of each kind three, that the sentence does not
// mention it, wants it repaired, wants it kept; then, of each kind, the strength of the repair; last, that what is not
// mentioned is to be repaired too.
Tensor instruction_logits(Backend& backend, const InstructionConfig& config, const Scope& weights,
                          std::span<const int64_t> ids);

// All weights in a fixed order, named as CLIP's text tower.
std::vector<WeightSpec> instruction_weights(const InstructionConfig& config);

}  // namespace daclip
