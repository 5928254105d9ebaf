#include "nets/instruction_net.h"

namespace daclip {
namespace {

ClipConfig tower(const InstructionConfig& config) {
  ClipConfig clip;
  clip.text = config.text;
  clip.embedding = 4 * config.kinds + 1;
  return clip;
}

}  // namespace

void visit(ConfigVisitor& v, InstructionConfig& c) {
  visit(v, c.text);
  v.field("kinds", c.kinds, between(1, 1000));
}

void validate(const InstructionConfig& config) {
  InstructionConfig copy = config;
  RangeCheck check("instruction");
  visit(check, copy);
  if (config.text.width % config.text.heads != 0)
    throw FormatError(
        cat("instruction.heads: ", config.text.heads, ": expected a divisor of instruction.width ", config.text.width));
}

Tensor instruction_logits(Backend& backend, const InstructionConfig& config, const Scope& weights,
                          std::span<const int64_t> ids) {
  return encode_text(backend, tower(config), weights, ids);
}

std::vector<WeightSpec> instruction_weights(const InstructionConfig& config) { return text_weights(tower(config)); }

}  // namespace daclip
