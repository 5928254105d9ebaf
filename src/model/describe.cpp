#include "model/describe.h"

#include "core/error.h"

namespace daclip {
namespace {

std::string joined(const std::vector<int>& numbers) {
  std::string text;
  for (const int n : numbers) text += cat(text.empty() ? "" : ",", n);
  return text;
}

std::string contexts(int content, int degradation) {
  if (content == 0 && degradation == 0) return "no contexts";
  if (content == 0) return cat("degradation context of ", degradation);
  if (degradation == 0) return cat("content context of ", content);
  return cat("content and degradation contexts of ", content);
}

}  // namespace

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
  if (config.restorer) {
    const NafnetConfig& n = *config.restorer;
    lines.push_back(cat("restoration: NAFNet, width ", n.width, ", blocks ", joined(n.encoder_blocks), " | ",
                        n.middle_blocks, " | ", joined(n.decoder_blocks)));
  }
  if (config.unet) {
    const UnetConfig& u = *config.unet;
    lines.push_back(cat("restoration: conditional U-Net", u.half_scale ? " (wild)" : "", ", nf ", u.width, ", ch_mult ",
                        joined(u.multipliers), ", ", contexts(u.content_dim, u.degradation_dim)));
    lines.push_back(cat("IR-SDE: max_sigma ", config.sde.max_sigma, ", T ", config.sde.steps, ", schedule ",
                        schedule_name(config.sde.schedule), ", eps ", config.sde.eps));
  }
  return lines;
}

}  // namespace daclip
