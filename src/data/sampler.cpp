#include "data/sampler.h"

#include <algorithm>

#include "core/error.h"
#include "data/framing.h"
#include "data/mixture.h"
#include "data/pages.h"
#include "data/photo_statistics.h"
#include "data/random_streams.h"
#include "data/scenes.h"
#include "degrade/fields.h"

namespace daclip {
namespace {

constexpr int kRainy = label_index("rainy");
constexpr int kShadowed = label_index("shadowed");
constexpr int kLowLight = label_index("low-light");
constexpr double kHalfSaturation = 20;  // a label with so many found photos uses half of found_share
constexpr double kSunlit = 0.3;         // mean luma from which shadows are cast on a photo: dark scenes have no sun
constexpr int kPhotoTries = 4;          // to find a sunlit one
constexpr uint64_t kMixtureDraws = 0x6d697874, kToneDraws = 0x746f6e65, kPageDraws = 0x70616765,
                   kGoodHalfDraws = 0x68616c66;  // keep the draws of each apart
constexpr double kGoodHalves = 0.15;  // of the good photos are what pairs show undamaged: the same scenes, so that the
                                      // damage tells them apart
constexpr double kDark = 0.3;         // mean luma from which a darkened photo may pass for a good one
constexpr double kGround = 0.4;       // of the surfaces are made up: few photos show asphalt, sand or paving close

// Weather and lenses are not seen on a page.
bool may_be_page(int label) {
  constexpr std::string_view kOfPages[] = {"clean", "jpeg-compressed", "motion-blurry", "noisy"};
  return std::ranges::find(kOfPages, kLabels[size_t(label)]) != std::end(kOfPages);
}

// A real photo shows its label. It may have been shaken, grainy or compressed besides; nobody looked.
void note_real_damage(Sample& sample, bool pair) {
  for (const std::string_view kind : {"motion-blurry", "jpeg-compressed", "noisy"})
    sample.severity[size_t(label_index(kind))] = kUnknownPresence;
  sample.severity[size_t(sample.label)] = pair ? severity_between(sample.gt, sample.lq) : kUnknownSeverity;
}

}  // namespace

Sampler::Sampler(const std::vector<PackPhoto>& photos, const SamplerConfig& config) : photos_(photos), config_(config) {
  validate(config);
  for (size_t i = 0; i < photos.size(); ++i) {
    const int label = label_index(photos[i].kind);
    (!photos[i].lq.empty() ? paired_[size_t(label)] : label == kClean ? clean_ : found_[size_t(label)]).push_back(i);
  }
  if (clean_.empty()) throw UsageError("the packs hold no clean photo");
  for (size_t label = 0; label < paired_.size(); ++label)
    if (!paired_[label].empty()) kinds_with_pairs_.push_back(label);
}

int Sampler::pick_label(Random& random) const { return draw_weighted(config_.weights, random); }

Sampler::Source Sampler::pick_photo(Sample& sample, uint64_t seed, Random& random) const {
  const std::vector<size_t>&pairs = paired_[size_t(sample.label)], &found = found_[size_t(sample.label)];
  // Both chances are always drawn, so that the draws that follow do not depend on what the packs hold.
  const bool pair = random.chance(config_.paired_share) && !pairs.empty();
  const double count = double(found.size());
  const bool as_found = random.chance(config_.found_share * count / (count + kHalfSaturation)) && !pair;
  const Source source = pair ? Source::pair : as_found ? Source::found : Source::clean;
  const std::vector<size_t>& choice = pair ? pairs : as_found ? found : clean_;
  for (int i = 0; i < kPhotoTries; ++i) {
    sample.photo = choice[size_t(random.below(int64_t(choice.size())))];
    if (sample.label != kShadowed || source != Source::clean || mean_luma(photos_[sample.photo]) >= kSunlit) break;
  }
  if (sample.label == kClean && !kinds_with_pairs_.empty()) {
    Random half(mix_seed(seed, kGoodHalfDraws));
    const std::vector<size_t>& of_kind =
        paired_[kinds_with_pairs_[size_t(half.below(int64_t(kinds_with_pairs_.size())))]];
    if (half.chance(kGoodHalves)) sample.photo = of_kind[size_t(half.below(int64_t(of_kind.size())))];
  }
  return source;
}

void Sampler::make_scene(Sample& sample, Random& random) const {
  if (random.chance(config_.focus_share)) shallow_focus(sample.gt, random);
  if (sample.label == kRainy && random.chance(config_.wet_share))
    wet_weather(sample.gt, random);
  else if (random.chance(config_.grade_share))
    change_colours(sample.gt, random);
}

std::optional<Tone> Sampler::draw_monochrome(uint64_t seed) const {
  Random random(mix_seed(seed, kToneDraws));
  if (!random.chance(config_.grey_share)) return {};
  return draw_tone(random);
}

void Sampler::add_kind(Sample& sample, int label, uint64_t seed, Random& random) const {
  const double paper = config_.paper_share[size_t(label)];
  const Severity severity = random.chance(paper) ? Severity::paper : Severity::training;
  FloatImage lq = degrade_visibly(sample.lq, label, severity, seed);
  const bool bright = label == kLowLight && mean_luma(lq) >= kDark;
  sample.severity[size_t(label)] = bright ? kUnknownPresence : severity_between(sample.lq, lq);
  round_to_bytes(lq);
  sample.lq = std::move(lq);
}

// Damages `lq` by the sample's label, unless the photo shows that already, and by further kinds.
void Sampler::damage(Sample& sample, Source source, uint64_t seed, Random& random) const {
  // Draws of their own, so that samples without a mixture are the same whatever mixed_share is.
  const uint64_t mixture_seed = mix_seed(seed, kMixtureDraws);
  Random mixture(mixture_seed);
  std::vector<int> kinds;
  if (mixture.chance(config_.mixed_share))
    kinds = draw_further_kinds(sample.label, source != Source::clean, config_, mixture);
  const auto later = std::ranges::upper_bound(kinds, capture_order(sample.label), {}, capture_order);
  const auto add = [&](int label) { add_kind(sample, label, mix_seed(mixture_seed, uint64_t(label)), mixture); };
  std::for_each(kinds.begin(), later, add);
  if (source == Source::clean) add_kind(sample, sample.label, seed, random);
  std::for_each(later, kinds.end(), add);
}

Sample Sampler::make(int slot, int64_t serial) const {
  const uint64_t seed = stream_seed(config_.seed, serial, Stream::sample, slot);
  Random random(seed);
  Sample sample;
  sample.label = pick_label(random);
  const Source source = pick_photo(sample, seed, random);
  const PackPhoto& photo = photos_[sample.photo];
  const bool surface = (sample.label == kClean || sample.label == kShadowed) && source != Source::found &&
                       random.chance(config_.surface_share);
  const Frame frame =
      surface ? draw_surface_frame(photo, config_.min_side, random) : draw_frame(photo, config_, random);
  const bool made_up = surface && source == Source::clean && random.chance(kGround);
  sample.gt = made_up ? ground(frame.region.width, frame.region.height, random) : apply_frame(photo.gt, photo, frame);
  if (source == Source::clean) make_scene(sample, random);
  if (source == Source::clean && may_be_page(sample.label)) {
    Random page(mix_seed(seed, kPageDraws));
    if (page.chance(config_.page_share)) sample.gt = made_up_page(sample.gt, page);
  }
  const std::optional<Tone> tone = draw_monochrome(seed);
  if (tone) apply_tone(sample.gt, *tone);
  sample.lq = source == Source::pair ? apply_frame(photo.lq, photo, frame) : sample.gt;
  if (source != Source::clean) note_real_damage(sample, source == Source::pair);
  if (sample.label != kClean) damage(sample, source, seed, random);
  if (tone) apply_tone(sample.lq, *tone);
  if (random.chance(config_.stored_share))
    store_again(sample.gt, sample.lq, sample.label == kClean, config_.min_side, random);
  return sample;
}

}  // namespace daclip
