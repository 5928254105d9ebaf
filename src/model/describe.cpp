#include "model/describe.h"

#include "core/error.h"

namespace daclip {
std::vector<std::string> describe(const ModelConfig& config) {
  std::vector<std::string> lines;
  if (config.clip) {
    const VisionConfig& v = config.clip->vision;
    const TextConfig& t = config.clip->text;
    lines.push_back(cat("image tower: ViT, width ", v.width, ", ", v.layers, " layers, ", v.heads, " heads, patch ",
                        v.patch, ", image ", v.image_size, ", embedding ", config.clip->embedding,
                        config.clip->quick_gelu ? ", QuickGELU" : ", GELU"));
    const bool reversed = config.clip->control_order == ControlOrder::reversed;
    lines.push_back(config.controller ? cat("controller: controls ", reversed ? "reversed" : "forward")
                                      : std::string("no controller: plain CLIP"));
    lines.push_back(cat("text tower: width ", t.width, ", ", t.layers, " layers, ", t.heads, " heads, context ",
                        t.context, ", vocabulary ", t.vocab));
  }
  if (config.damage)
    lines.push_back(cat("damage network: ", config.damage->kinds, " kinds, the whole photo in ", config.damage->view,
                        " pixels, ", config.damage->grid * config.damage->grid, " native tiles of ",
                        config.damage->tile));
  if (config.instruction)
    lines.push_back(cat("instruction network: width ", config.instruction->text.width, ", ",
                        config.instruction->text.layers, " layers, ", config.words.size(), " words"));
  if (!config.restorer) return lines;
  const std::vector<std::string> network = config.restorer->describe();
  lines.push_back("restoration: " + network.front());
  lines.insert(lines.end(), network.begin() + 1, network.end());
  return lines;
}

}  // namespace daclip
