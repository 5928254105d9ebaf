// How training samples are drawn: the keys of [data], [weights] and [paper_share] in a training configuration.
#pragma once

#include <array>
#include <cstdint>

#include "core/config_visitor.h"
#include "core/labels.h"

namespace daclip {

// Shares are fractions of the samples, 0 to 1.
struct SamplerConfig {
  // Set by the training stage.
  uint64_t seed = 1;
  int slots = 8;       // samples in a batch
  int min_side = 128;  // photos with a shorter side are enlarged to it

  int hold = 4;    // steps for which a slot keeps its photo, to save degrading; slots change one after the other
  int region = 0;  // larger photos are cut to a random region of this side before degrading; 0 keeps them whole
  double rescale_min = 0.5, rescale_max = 1;  // half of the photos are resized by a factor drawn from here
  double paired_share = 0.3;                  // real pairs among a label's samples, where the pack has any
  double stored_share =
      0;                   // samples resized or compressed again after degrading, as most photos from the web have been
  double grade_share = 0;  // clean photos with other contrast, saturation and white balance, before degrading
  double focus_share = 0;  // clean photos that get a shallow depth of field before degrading
  double wet_share = 0;    // rainy samples whose scene is a rainy day's (scenes.h), not only seen through rain
  double mixed_share = 0;  // damaged samples with one or two further kinds of damage (mixture.h)
  double grey_share = 0;   // samples in black and white or another tone, before and after the damage
  double page_share =
      0;  // good, blurred, compressed and noisy samples that show a page, a drawing or a print (pages.h)
  double surface_share = 0;  // good and shadowed samples that show a plain surface (framing.h), or made-up ground
                             // (scenes.h), as shadows are photographed on floors and walls
  // Among a label's samples: photos found damaged, as they are. They have no ground truth, so they train recognition
  // only. A label with n such photos uses n / (n + 20) of this, so that a few are not memorised.
  double found_share = 0;
  std::array<double, kLabels.size()> weights;      // relative frequency of each label
  std::array<double, kLabels.size()> paper_share;  // of each label at Severity::paper; the others are at ::training

  SamplerConfig() {
    paper_share.fill(0.5);
    weights.fill(1);
  }
};

// Every key with its range, those that the stage sets excepted.
void visit(ConfigVisitor& visitor, SamplerConfig& config);

// Ranges, and rules between fields. Throws UsageError naming the key.
void validate(const SamplerConfig& config);

}  // namespace daclip
