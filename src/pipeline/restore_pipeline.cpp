#include "pipeline/restore_pipeline.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/labels.h"
#include "metrics/psnr.h"
#include "model/experts.h"
#include "pipeline/conditioning.h"
#include "pipeline/featureless.h"
#include "pipeline/findings.h"
#include "pipeline/holes.h"
#include "pipeline/label_mixture.h"
#include "pipeline/mask.h"
#include "pipeline/tile_blender.h"
#include "pipeline/tone.h"
#include "pipeline/views.h"

namespace daclip {
namespace {

// Larger tiles gain no quality and cost memory bandwidth.
constexpr int kLargestAutomaticTile = 1024;

// The order of capture, undone: what was done to a photo last is repaired first, holes before all.
constexpr std::string_view kOrderOfRepair[] = {"uncompleted", "jpeg-compressed", "noisy", "motion-blurry", "raindrop",
                                               "rainy",       "snowy",           "hazy",  "low-light",     "shadowed"};
static_assert(std::size(kOrderOfRepair) == kDegradationCount);

using Source = EmbeddingChoice::Source;

const RestorationNetwork& network_of(const LoadedModel& model) {
  if (!model.config.restorer)
    throw UsageError(cat("model ", model.config.name, " recognises only: it has no restoration network"));
  return *model.config.restorer;
}

void check_label(const std::string& label, const LoadedModel& model) {
  if (label.empty() || model.label_index(label) >= 0) return;
  std::string known;
  for (const std::string& other : model.config.labels) known += (known.empty() ? "" : ", ") + other;
  throw UsageError(cat("degradation ", label, " is unknown to model ", model.config.name, "; expected one of ", known));
}

// Rejects replacement embeddings that the model would ignore.
void check_steering(const RestoreOptions& options, const LoadedModel& model) {
  const ConditioningChoice& choice = options.conditioning;
  const bool content = choice.content.source != Source::photo, degradation = choice.degradation.source != Source::photo;
  if (!model.config.clip && (content || degradation || !options.degradation.empty()))
    throw UsageError(cat("model ", model.config.name, " has no CLIP, so it takes no degradation or embedding"));
  if (!options.degradation.empty() && degradation)
    throw UsageError("a degradation is given twice: by its name, and by an embedding");
  if (options.instruction && (degradation || !options.degradation.empty()))
    throw UsageError("an instruction excludes a degradation");
  const ContextDims dims = model.config.restorer->context_dims();
  if ((content && dims.content == 0) || (degradation && dims.degradation == 0))
    throw UsageError(cat("the network of model ", model.config.name, " takes no ",
                         content && dims.content == 0 ? "content" : "degradation", " embedding"));
  check_label(options.degradation, model);
}

// What the instruction names must be among the labels before "clean".
void check_instruction(const Instruction& instruction, const LoadedModel& model) {
  if (!model.config.label_steering || model.config.labels.back() != kCleanLabel)
    throw UsageError(cat("model ", model.config.name, " is not steered by labels, so it follows no instruction"));
  const auto check_kind = [&](const std::string& label) {
    check_label(label, model);
    if (label.empty() || label == kCleanLabel)
      throw UsageError(cat("instruction: \"", label, "\": expected a kind of damage"));
  };
  for (const std::string& label : instruction.kept) check_kind(label);
  for (const Instruction::Repair& repair : instruction.repairs) {
    check_kind(repair.label);
    if (!(repair.strength > 0 && repair.strength <= 1))
      throw UsageError(cat("instruction: strength ", repair.strength, " of ", repair.label, ": expected above 0 to 1"));
  }
}

void check_mask(const Mask& mask, const Image& photo) {
  if (mask.width != photo.width || mask.height != photo.height || mask.keep.size() != photo.pixels())
    throw UsageError(cat("the mask is ", mask.width, "x", mask.height, " pixels, expected the photo's ", photo.width,
                         "x", photo.height));
}

// Maps progress of a part of the work to the range [begin, end] of the whole.
ProgressFraction part_of(const ProgressFraction& whole, double begin, double end) {
  if (!whole) return {};
  return [whole, begin, end](double fraction) { whole(begin + (end - begin) * fraction); };
}

}  // namespace

RestorePipeline::RestorePipeline(Backend& backend, const LoadedModel& model)
    : backend_(backend), model_(model), network_(network_of(model)) {
  if (model.config.clip) recogniser_.emplace(backend, model);
}

void RestorePipeline::check(const RestoreOptions& options) const {
  check_steering(options, model_);
  if (options.instruction) check_instruction(*options.instruction, model_);
  network_.check_sampling(options.sampler);
  if (!(options.strength >= 0 && options.strength <= 1))
    throw UsageError(cat("strength ", options.strength, ": expected 0 to 1"));
  if (options.tile != 0 && options.tile < kSmallestTile)
    throw UsageError(cat("tile ", options.tile, ": expected at least ", kSmallestTile, " pixels, or 0 for automatic"));
  if (options.overlap < 0) throw UsageError(cat("overlap ", options.overlap, ": expected 0 or more"));
  if (options.passes < 1 || options.passes > kMostPasses)
    throw UsageError(cat("passes ", options.passes, ": expected 1 to ", kMostPasses));
  if (options.views < 1 || options.views > kMostViews)
    throw UsageError(cat("views ", options.views, ": expected 1 to ", kMostViews));
}

namespace {

// Tile origins are also multiples of 8, so that JPEG blocks keep their phase.
int alignment(const RestorationNetwork& network) { return std::max(8, network.multiple()); }

}  // namespace

int RestorePipeline::automatic_tile(const RestorationNetwork& network, int width, uint64_t memory_bytes) const {
  const size_t element = backend_.compute_dtype() == DType::bf16 ? 2 : 4;
  const double per_pixel = network.bytes_per_pixel(element) + 12 * sizeof(float);
  const double per_row = 3.0 * sizeof(float) * width;  // the strip that accumulates a row of tiles
  // The positive root of side^2 * per_pixel + side * per_row = memory_bytes.
  const double side = (std::sqrt(per_row * per_row + 4 * per_pixel * double(memory_bytes)) - per_row) / (2 * per_pixel);
  const int step = alignment(network);
  return std::max(int(std::min(side, double(kLargestAutomaticTile))) / step * step, std::max(kSmallestTile, step));
}

TileGrid RestorePipeline::grid(const Image& photo, const RestorationNetwork& network,
                               const RestoreOptions& options) const {
  const uint64_t memory = options.memory_bytes > 0 ? options.memory_bytes : network.default_memory();
  const int side = options.tile > 0 ? options.tile : automatic_tile(network, photo.width, memory);
  return {plan_tiles(photo.width, side, options.overlap, alignment(network)),
          plan_tiles(photo.height, side, options.overlap, alignment(network))};
}

// The label that replaces the recognised one, or empty.
std::string RestorePipeline::chosen_label(const RestoreOptions& options) const {
  const bool holes =
      options.degradation.empty() && !options.instruction && options.mask && model_.label_index(kHolesLabel) >= 0;
  return holes ? std::string(kHolesLabel) : options.degradation;
}

bool RestorePipeline::recognition_decides(const RestoreOptions& options) const {
  return recogniser_ && !options.instruction && chosen_label(options).empty() &&
         options.conditioning.degradation.source == Source::photo;
}

// What the network expects for this degradation embedding.
std::vector<float> RestorePipeline::degradation_context(const Conditioning& conditioning) const {
  const ModelConfig& config = model_.config;
  if (!config.label_steering) return conditioning.degradation;
  return label_mixture(conditioning.degradation, model_.label_embeddings, config.logit_scale, config.label_bias);
}

// What the instruction asks for, or what was found. None where a label or an embedding is chosen, and without findings.
std::optional<RepairPlan> RestorePipeline::plan(const Recognition& recognition, const RestoreOptions& options) const {
  const std::vector<std::string>& labels = model_.config.labels;
  std::vector<Finding> findings = recognition.findings;
  if (!options.instruction) {
    if (!recognition_decides(options) || findings.empty()) return {};
    return plan_repair(findings, labels);
  }
  if (findings.empty())
    for (const Prediction& prediction : recognition.predictions)
      if (prediction.label != kCleanLabel) findings.push_back({prediction.label, prediction.probability, 0});
  Instruction instruction = *options.instruction;
  if (options.mask && !asks_for(instruction, kHolesLabel)) instruction.repairs.push_back({std::string(kHolesLabel), 1});
  return plan_repair(instruction, findings, labels);
}

// The contexts of the network: the photo's embeddings and the plan's kinds, or what was chosen in their place.
Contexts RestorePipeline::steering(const Recognition& recognition, const std::optional<RepairPlan>& plan,
                                   const RestoreOptions& options) const {
  ConditioningChoice choice = options.conditioning;
  const int label = model_.label_index(chosen_label(options));
  if (label >= 0 && choice.degradation.source == Source::photo) {
    const std::span<const float> embedding = model_.label_embedding(label);
    choice.degradation = {Source::words, {embedding.begin(), embedding.end()}};
  }
  const Conditioning conditioning = choose(recognition.conditioning, choice);
  const std::vector<float> degradation = plan && model_.config.label_steering
                                             ? mixture_context(plan->shares, model_.label_embeddings)
                                             : degradation_context(conditioning);
  const ContextDims dims = network_.context_dims();
  Contexts contexts;
  if (dims.content > 0) contexts.content = backend_.from_floats(conditioning.content, {1, dims.content});
  if (dims.degradation > 0) contexts.degradation = backend_.from_floats(degradation, {1, dims.degradation});
  return contexts;
}

// One network's part of a repair.
struct RestorePipeline::Step {
  std::vector<std::string> kinds;
  std::vector<const Expert*> experts;  // none: the model's own network
  Contexts contexts;                   // of the model's own network
};

// One step for each kind that has an expert, and one for all others together, in the order in which photos are damaged,
// backwards.
std::vector<RestorePipeline::Step> RestorePipeline::steps(const Recognition& recognition,
                                                          const std::optional<RepairPlan>& plan,
                                                          const RestoreOptions& options,
                                                          const std::vector<std::string>& kinds) const {
  const bool given = options.conditioning.degradation.source != Source::photo;  // by an embedding, so without a name
  if (model_.experts.empty() || given) return {{kinds, {}, steering(recognition, plan, options)}};
  std::vector<std::string> ordered = kinds;
  std::ranges::stable_sort(ordered, {}, [](const std::string& kind) {
    return std::ranges::find(kOrderOfRepair, kind) - std::begin(kOrderOfRepair);
  });
  std::vector<Step> list;
  std::optional<size_t> own;  // the step of the model's own network
  for (const std::string& kind : ordered) {
    const auto expert = model_.experts.find(kind);
    if (expert != model_.experts.end()) {
      list.push_back({{kind}, {}, {}});
      for (const auto& one : expert->second) list.back().experts.push_back(one.get());
      if (list.back().experts.size() == 1) continue;
      RestoreOptions alone = options;  // repaired() compares several experts with the model's own network
      alone.instruction.reset();
      alone.degradation = kind;
      list.back().contexts = steering(recognition, {}, alone);
    } else if (own) {
      list[*own].kinds.push_back(kind);
    } else {
      own = list.size();
      list.push_back({{kind}, {}, {}});
    }
  }
  if (own) {
    std::optional<RepairPlan> part = plan;
    if (part)
      for (const auto& [label, expert] : model_.experts) part->shares[size_t(model_.label_index(label))] = 0;
    list[*own].contexts = steering(recognition, part, options);
  }
  return list;
}

// Runs a network, an expert's or the model's own, once over the photo. Adds tiles and evaluations to `costs`.
Image RestorePipeline::repaired(const Image& photo, const Expert* expert, const Contexts& contexts,
                                const RestoreOptions& options, float strength, RestoreResult& costs,
                                const ProgressFraction& progress) const {
  const RestorationNetwork& network = expert ? expert->network() : network_;
  const Weights& weights = expert ? expert->weights(backend_) : model_.weights;
  return over_views(photo, options.views, [&](const Image& seen, int view) {
    const double begin = double(view) / options.views, end = double(view + 1) / options.views;
    const TileGrid tiles = grid(seen, network, options);
    const auto session = network.session(backend_, Scope(weights, "restorer."), contexts, options.sampler);
    costs.tiles = int(tiles.count());
    costs.evaluations = session->evaluations();
    const double prepared = begin + (end - begin) * session->preparation(tiles);
    session->prepare(seen, tiles, part_of(progress, begin, prepared));
    return restore_tiles(seen, tiles, *session, strength, part_of(progress, prepared, end));
  });
}

Image RestorePipeline::repaired(const Image& photo, const std::vector<Step>& steps, const RestoreOptions& options,
                                float strength, RestoreResult& costs, const ProgressFraction& progress) const {
  size_t runs = 0, done = 0;
  for (const Step& step : steps) runs += step.experts.size() + (step.experts.size() == 1 ? 0 : 1);
  const auto run = [&](const Image& image, const Expert* expert, const Contexts& contexts) {
    const double begin = double(done) / double(runs), end = double(++done) / double(runs);
    return repaired(image, expert, contexts, options, strength, costs, part_of(progress, begin, end));
  };
  Image image = photo;
  for (const Step& step : steps) {
    const Image before = std::move(image);
    if (step.experts.size() == 1) {
      image = run(before, step.experts.front(), {});
      continue;
    }
    image = run(before, nullptr, step.contexts);
    // Of several experts, the one whose result is nearest to that of the model's own network.
    const Image own = step.experts.empty() ? Image() : image;
    double nearest = -1;
    for (const Expert* expert : step.experts) {
      Image other = run(before, expert, {});
      const double likeness = psnr(other, own);
      if (likeness <= nearest) continue;
      nearest = likeness;
      image = std::move(other);
    }
  }
  return image;
}

// Further passes over result.image, until nothing is found, the passes are used up, or a pass leaves more damage than
// it found.
void RestorePipeline::repair_what_is_left(RestoreResult& result, const RestoreOptions& options,
                                          const ProgressFraction& progress) const {
  Recognition found = recogniser_->recognise(result.image);
  for (int pass = 2; pass <= options.passes; ++pass) {
    const std::optional<RepairPlan> next_plan = plan(found, options);
    if (next_plan->kinds.empty() || found.unsure) return;
    const std::vector<Step> next_steps = steps(found, next_plan, options, next_plan->kinds);
    Image next = repaired(result.image, next_steps, options, options.strength * next_plan->strength, result,
                          part_of(progress, double(pass - 1) / options.passes, double(pass) / options.passes));
    Recognition after = recogniser_->recognise(next);
    if (remaining_damage(after.findings) >= remaining_damage(found.findings)) return;
    result.image = std::move(next);
    for (const Step& step : next_steps) result.repairs.push_back(step.kinds);
    found = std::move(after);
  }
}

// Why a photo stays as it is, if it does. `label` was recognised, or an instruction leaves nothing but "clean".
std::optional<UntouchedReason> RestorePipeline::reason_to_leave(const Image& photo, const RestoreOptions& options,
                                                                const std::string& label) const {
  const bool decides = recognition_decides(options);
  if (decides && is_featureless(photo)) return UntouchedReason::featureless;
  if ((decides || options.instruction) && label == kCleanLabel) return UntouchedReason::clean;
  if (!decides) return {};
  if (label == kHolesLabel && !find_holes(photo)) return UntouchedReason::white_areas;
  return {};
}

RestoreResult RestorePipeline::restore(const Image& photo, const RestoreOptions& options,
                                       const ProgressFraction& progress) const {
  validate(photo, "restore");
  check(options);
  if (options.mask) check_mask(*options.mask, photo);
  const Image holed = options.mask ? with_white_holes(photo, *options.mask) : Image();
  const Image& source = options.mask ? holed : photo;

  RestoreResult result;
  if (recogniser_) result.recognition = recogniser_->recognise(source);
  const std::optional<RepairPlan> repairs = plan(result.recognition, options);
  const bool decides = recognition_decides(options);
  result.degradation = chosen_label(options);
  if (options.instruction)
    result.degradation = repairs->kinds.empty() ? std::string(kCleanLabel) : repairs->kinds.front();
  else if (result.degradation.empty() && recogniser_)
    result.degradation = result.recognition.predictions.front().label;
  result.unsure = decides && result.recognition.unsure;
  if (const auto reason = reason_to_leave(photo, options, result.degradation)) {
    result.untouched = true;
    result.reason = *reason;
    result.image = photo;
    return result;
  }

  const float strength = repairs ? options.strength * repairs->strength : options.strength;
  const int passes = decides && repairs ? options.passes : 1;
  const std::vector<Step> first =
      steps(result.recognition, repairs, options, repairs ? repairs->kinds : std::vector{result.degradation});
  result.image = repaired(source, first, options, strength, result, part_of(progress, 0, 1.0 / passes));
  if (recogniser_)
    for (const Step& step : first) result.repairs.push_back(step.kinds);
  if (passes > 1) repair_what_is_left(result, options, progress);
  if (options.strength > 0)
    if (const std::optional<ToneCurve> tone = monochrome_tone(source)) apply_tone(result.image, *tone);
  const std::vector<std::vector<std::string>> holes_only = {{std::string(kHolesLabel)}};
  std::optional<Mask> mask = options.mask;
  if (decides && result.repairs == holes_only) mask = find_holes(photo);
  if (mask && (!options.instruction || result.repairs == holes_only)) copy_kept_pixels(photo, *mask, result.image);
  if (progress && passes > 1) progress(1);
  return result;
}

}  // namespace daclip
