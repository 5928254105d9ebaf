#include "data/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "data/scenes.h"
#include "degrade/degrade.h"
#include "degrade/fields.h"
#include "image/resize.h"

namespace daclip {
namespace {

constexpr int kRainy = label_index("rainy");
constexpr int kShadowed = label_index("shadowed");
constexpr double kFew = 20;          // photos found damaged of one kind that make half of what many would
constexpr double kVisible = 1.6e-3;  // mean squared error, 28 dB, of weather, glass and light that one can see
constexpr int kTries = 4;        // to draw such a damage: a shadow may fall on what is dark, white rain on white sky
constexpr double kGround = 0.4;  // of the plain places that are made up: few photos show asphalt, sand or paving close
constexpr double kSunlit = 0.3;  // mean luma of photos that shadows are cast on: what is dark has no sun

// One uniform draw spread over independent streams: photo choice, degradation.
uint64_t sample_seed(uint64_t seed, int slot, int64_t serial) {
  return mix_seed(mix_seed(seed, uint64_t(serial)), uint64_t(slot) + 1);
}

void mirror(FloatImage& image) {
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width / 2; ++x)
      for (int c = 0; c < image.channels; ++c) std::swap(image.at(x, y, c), image.at(image.width - 1 - x, y, c));
}

// Size and place drawn once, so that both pictures of a real pair are treated alike.
struct Frame {
  CropPlan place;     // of the photo, where only a part of it is wanted; no width: all of it
  int width, height;  // to which that is resized
  CropPlan region;    // of the result
  bool mirrored = false;
  double sharpening = 0;  // of a photo that was enlarged
};

Frame draw_frame(const PackPhoto& photo, const SamplerConfig& config, Random& random) {
  double factor = 1;
  if (random.chance(0.5)) factor = random.uniform(config.rescale_min, config.rescale_max);
  const int shorter = std::min(photo.width, photo.height);
  factor = std::max(factor, double(config.min_side) / shorter);
  Frame frame;
  frame.width = std::max(config.min_side, int(std::lround(photo.width * factor)));
  frame.height = std::max(config.min_side, int(std::lround(photo.height * factor)));
  const int side = config.region;
  frame.region.width = side > 0 ? std::min(side, frame.width) : frame.width;
  frame.region.height = side > 0 ? std::min(side, frame.height) : frame.height;
  frame.region.x = int(random.below(frame.width - frame.region.width + 1));
  frame.region.y = int(random.below(frame.height - frame.region.height + 1));
  frame.mirrored = random.chance(0.5);
  frame.sharpening = factor > 1 ? random.uniform(0.3, 1.3) : 0;
  return frame;
}

// Brings back about the sharpness that enlarging by `factor` took: unsharp masking, as cameras do.
void sharpen(FloatImage& image, double factor, double amount) {
  FloatImage soft = image;
  gaussian_blur(soft, 0.6 * factor);
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] += float(amount) * (image.data[i] - soft.data[i]);
}

FloatImage develop(const std::vector<uint8_t>& bytes, const PackPhoto& photo, const Frame& frame) {
  FloatImage image = to_float_image(bytes, photo.width, photo.height);
  if (frame.place.width > 0) image = crop(image, frame.place);
  const double factor = double(frame.width) / image.width;
  if (frame.width != image.width || frame.height != image.height) image = resize(image, frame.width, frame.height);
  if (frame.region.width != image.width || frame.region.height != image.height) image = crop(image, frame.region);
  if (frame.mirrored) mirror(image);
  if (frame.sharpening > 0) sharpen(image, factor, frame.sharpening);
  round_to_bytes(image);
  return image;
}

double luma(const uint8_t* rgb) { return (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255; }

// Of every 41st pixel.
double mean_luma(const PackPhoto& photo) {
  double sum = 0, count = 0;
  for (size_t i = 0; i + 2 < photo.gt.size(); i += 3 * 41, ++count) sum += luma(&photo.gt[i]);
  return sum / count;
}

// Variance of luma over its squared mean: small where a shadow would show.
double roughness(const PackPhoto& photo, const CropPlan& at) {
  double sum = 0, squares = 0, count = 0;
  for (int y = at.y; y < at.y + at.height; y += 5)
    for (int x = at.x; x < at.x + at.width; x += 5, ++count) {
      const double v = luma(&photo.gt[3 * (size_t(y) * size_t(photo.width) + size_t(x))]);
      sum += v;
      squares += v * v;
    }
  const double mean = sum / count + 0.02;
  return (squares / count - sum * sum / (count * count)) / (mean * mean);
}

// metrics/ would bring the networks with it.
double mean_squared_error(const FloatImage& a, const FloatImage& b) {
  double sum = 0;
  for (size_t i = 0; i < a.data.size(); ++i) sum += double(a.data[i] - b.data[i]) * double(a.data[i] - b.data[i]);
  return sum / double(a.data.size());
}

// Blur, noise, JPEG and holes act everywhere alike; what the others do depends on the photo.
bool may_be_hidden(int label) {
  for (const std::string_view kind : {"hazy", "low-light", "raindrop", "rainy", "shadowed", "snowy"})
    if (kLabels[size_t(label)] == kind) return true;
  return false;
}

// A square of a fifth to a half of the shorter side, the plainest of eight, enlarged.
Frame surface_frame(const PackPhoto& photo, int min_side, Random& random) {
  const int shorter = std::min(photo.width, photo.height);
  Frame frame;
  frame.mirrored = random.chance(0.5);
  const int side =
      std::clamp(int(shorter * random.uniform(0.2, 0.5)), std::min(shorter, std::max(96, min_side)), shorter);
  double plainest = 1e9;
  for (int i = 0; i < 8; ++i) {
    CropPlan at;
    at.width = at.height = side;
    at.x = int(random.below(photo.width - side + 1));
    at.y = int(random.below(photo.height - side + 1));
    if (const double rough = roughness(photo, at); rough < plainest) {
      plainest = rough;
      frame.place = at;
    }
  }
  const double factor = std::max(random.uniform(1, 2.2), (min_side + 0.5) / side);
  frame.width = frame.height = frame.region.width = frame.region.height = int(side * factor);
  frame.sharpening = random.uniform(0.3, 1.3);
  return frame;
}

// Contrast about middle grey, saturation, white balance.
void grade(FloatImage& image, Random& random) {
  const float contrast = float(random.uniform(0.8, 1.25)), lift = float(random.uniform(-0.06, 0.1));
  const float saturation = random.chance(0.12) ? 0.f : float(random.uniform(0.3, 1.25));
  const float warm = float(random.uniform(-0.1, 0.1)), green = float(random.uniform(-0.03, 0.03));
  const float gain[3] = {1 + warm, 1 + green, 1 - warm};
  for (size_t i = 0; i < image.pixels(); ++i) {
    float* p = &image.data[3 * i];
    const float grey = 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
    for (int c = 0; c < 3; ++c) {
      const float coloured = (grey + saturation * (p[c] - grey)) * (saturation > 0 ? gain[c] : 1.f);
      p[c] = std::clamp(0.5f + contrast * (coloured - 0.5f) + lift, 0.f, 1.f);
    }
  }
  round_to_bytes(image);
}

// Resizes the damaged photo and compresses it well, as a web page or a messenger would; what was clean stays so to the eye.
// Good photos are enlarged little: soft ones are blurred.
void store_again(Sample& sample, int min_side, Random& random) {
  const double floor = double(min_side) / std::min(sample.lq.width, sample.lq.height);
  const double largest = sample.label == kClean ? 1.15 : 1.7, resized = random.uniform();
  const double factor = resized < 0.5   ? std::max(floor, random.uniform(0.45, 1))
                        : resized < 0.8 ? random.uniform(1, largest)
                                        : 1;
  const Filter filter = std::array{Filter::bilinear, Filter::bicubic, Filter::lanczos}[size_t(random.below(3))];
  if (factor != 1) {
    const int width = std::max(min_side, int(std::lround(sample.lq.width * factor)));
    const int height = std::max(min_side, int(std::lround(sample.lq.height * factor)));
    sample.gt = resize(sample.gt, width, height, filter);
    sample.lq = resize(sample.lq, width, height, filter);
    round_to_bytes(sample.gt);
    round_to_bytes(sample.lq);
  }
  const double quality = sample.label == kClean ? random.uniform(82, 97) : random.uniform(60, 95);
  if (random.chance(0.8)) {
    sample.lq = degrade(sample.lq, {"jpeg-compressed", {{"quality", std::floor(quality)}}}, 0, Severity::paper);
    round_to_bytes(sample.lq);
  }
}

}  // namespace

Sampler::Sampler(const std::vector<PackPhoto>& photos, const SamplerConfig& config) : photos_(photos), config_(config) {
  const auto share = [](double v, const char* name) {
    if (!(v >= 0 && v <= 1)) throw UsageError(cat(name, " ", v, ": expected 0 to 1"));
  };
  for (double s : config.paper_share) share(s, "paper_share");
  share(config.paired_share, "paired_share");
  share(config.stored_share, "stored_share");
  share(config.grade_share, "grade_share");
  share(config.found_share, "found_share");
  share(config.surface_share, "surface_share");
  share(config.focus_share, "focus_share");
  share(config.wet_share, "wet_share");
  if (config.slots < 1 || config.hold < 1) throw UsageError("batch and hold: expected at least 1");
  if (!(config.rescale_min > 0 && config.rescale_min <= config.rescale_max && config.rescale_max <= 4))
    throw UsageError("rescale: expected 0 < rescale_min <= rescale_max <= 4");
  if (config.min_side < 1 || (config.region > 0 && config.region < config.min_side))
    throw UsageError(cat("region ", config.region, ": expected at least the crop, ", config.min_side));
  double total = 0;
  for (double w : config.weights) {
    if (!(w >= 0)) throw UsageError("weights: expected no negative ones");
    total += w;
  }
  if (!(total > 0)) throw UsageError("weights: expected one above zero");
  for (size_t i = 0; i < photos.size(); ++i) {
    const int label = label_index(photos[i].kind);
    (!photos[i].lq.empty() ? paired_[size_t(label)] : label == kClean ? clean_ : found_[size_t(label)]).push_back(i);
  }
  if (clean_.empty()) throw UsageError("the packs hold no clean photo");
}

int Sampler::pick_label(Random& random) const {
  const double total = std::accumulate(config_.weights.begin(), config_.weights.end(), 0.0);
  double at = random.uniform(0, total);
  int last = 0;
  for (int i = 0; i < int(kLabels.size()); ++i) {
    if (config_.weights[size_t(i)] == 0) continue;
    last = i;
    if (at < config_.weights[size_t(i)]) return i;
    at -= config_.weights[size_t(i)];
  }
  return last;  // rounding may step past the last weight
}

void Sampler::set_scene(Sample& sample, Random& random) const {
  if (random.chance(config_.focus_share)) shallow_focus(sample.gt, random);
  if (sample.label == kRainy && random.chance(config_.wet_share))
    wet_weather(sample.gt, random);
  else if (random.chance(config_.grade_share))
    grade(sample.gt, random);
}

Sample Sampler::make(int slot, int64_t serial) const {
  const uint64_t seed = sample_seed(config_.seed, slot, serial);
  Random random(seed);
  Sample sample;
  sample.label = pick_label(random);
  const std::vector<size_t>& pairs = paired_[size_t(sample.label)];
  const bool real = random.chance(config_.paired_share) && !pairs.empty();
  const std::vector<size_t>& found = found_[size_t(sample.label)];
  const bool as_it_is =
      random.chance(config_.found_share * double(found.size()) / (double(found.size()) + kFew)) && !real;
  const std::vector<size_t>& choice = real ? pairs : as_it_is ? found : clean_;
  for (int i = 0; i < kTries; ++i) {
    sample.photo = choice[size_t(random.below(int64_t(choice.size())))];
    if (sample.label != kShadowed || real || as_it_is || mean_luma(photos_[sample.photo]) >= kSunlit) break;
  }
  const PackPhoto& photo = photos_[sample.photo];
  const bool surface =
      (sample.label == kClean || sample.label == kShadowed) && !as_it_is && random.chance(config_.surface_share);
  const Frame frame = surface ? surface_frame(photo, config_.min_side, random) : draw_frame(photo, config_, random);
  const bool made_up = surface && !real && random.chance(kGround);
  sample.gt = made_up ? ground(frame.region.width, frame.region.height, random) : develop(photo.gt, photo, frame);
  if (!real && !as_it_is) set_scene(sample, random);
  if (real) {
    sample.lq = develop(photo.lq, photo, frame);
  } else if (sample.label == kClean || as_it_is) {
    sample.lq = sample.gt;
  } else {
    const Severity severity =
        random.chance(config_.paper_share[size_t(sample.label)]) ? Severity::paper : Severity::training;
    const DegradeSpec spec{std::string(kLabels[size_t(sample.label)]), {}};
    const int tries = may_be_hidden(sample.label) ? kTries : 1;
    for (int i = 1; i <= tries; ++i) {
      sample.lq = degrade(sample.gt, spec, mix_seed(seed, uint64_t(i)), severity);
      if (i == tries || mean_squared_error(sample.lq, sample.gt) >= kVisible) break;
    }
    round_to_bytes(sample.lq);
  }
  if (random.chance(config_.stored_share)) store_again(sample, config_.min_side, random);
  return sample;
}

SampleStream::SampleStream(const Sampler& sampler, int threads, int lookahead)
    : sampler_(sampler), lookahead_(lookahead) {
  for (int i = 0; i < std::max(1, threads); ++i) workers_.emplace_back([this] { work(); });
}

SampleStream::~SampleStream() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    queue_.clear();
  }
  ready_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void SampleStream::work() {
  for (;;) {
    std::packaged_task<Result()> task;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stop_ || !queue_.empty(); });
      if (stop_) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

void SampleStream::advance(int64_t step) {
  const std::lock_guard lock(mutex_);
  if (step == step_) return;
  step_ = step;
  std::erase_if(results_,
                [&](const auto& item) { return item.first.second < sampler_.serial(step, item.first.first); });
  for (int64_t ahead = std::max(step, planned_ + 1); ahead <= step + lookahead_; ++ahead) {
    for (int slot = 0; slot < sampler_.config().slots; ++slot) {
      const Key key{slot, sampler_.serial(ahead, slot)};
      if (results_.contains(key)) continue;
      std::packaged_task<Result()> task(
          [this, key] { return std::make_shared<const Sample>(sampler_.make(key.first, key.second)); });
      results_[key] = task.get_future().share();
      queue_.push_back(std::move(task));
    }
  }
  planned_ = step + lookahead_;
  ready_.notify_all();
}

std::shared_ptr<const Sample> SampleStream::get(int64_t step, int slot) {
  advance(step);
  std::shared_future<Result> future;
  {
    const std::lock_guard lock(mutex_);
    future = results_.at({slot, sampler_.serial(step, slot)});
  }
  return future.get();
}

CropPlan random_square(int width, int height, int size, Random& random) {
  if (size > width || size > height) throw ShapeError(cat("crop ", size, " of a ", width, "x", height, " photo"));
  CropPlan plan;
  plan.width = plan.height = size;
  plan.x = int(random.below(width - size + 1));
  plan.y = int(random.below(height - size + 1));
  plan.turn = int(random.below(8));
  return plan;
}

CropPlan random_region(int width, int height, double share_min, Random& random) {
  const double share = random.uniform(share_min, 1);
  const double aspect = std::exp(random.uniform(-0.3, 0.3));  // ratio 3/4 to 4/3
  CropPlan plan;
  plan.width = std::clamp(int(std::lround(width * std::sqrt(share * aspect))), 1, width);
  plan.height = std::clamp(int(std::lround(height * std::sqrt(share / aspect))), 1, height);
  plan.x = int(random.below(width - plan.width + 1)) / 8 * 8;
  plan.y = int(random.below(height - plan.height + 1)) / 8 * 8;
  return plan;
}

void crop_into(const FloatImage& image, const CropPlan& plan, float* out) {
  for (int y = 0; y < plan.height; ++y) {
    for (int x = 0; x < plan.width; ++x) {
      int sx = plan.turn & 1 ? plan.width - 1 - x : x;
      int sy = plan.turn & 2 ? plan.height - 1 - y : y;
      if (plan.turn & 4) std::swap(sx, sy);
      const float* source = image.row(plan.y + sy) + size_t(plan.x + sx) * size_t(image.channels);
      out = std::copy(source, source + image.channels, out);
    }
  }
}

FloatImage crop(const FloatImage& image, const CropPlan& plan) {
  FloatImage result(plan.width, plan.height, image.channels);
  crop_into(image, plan, result.data.data());
  return result;
}

}  // namespace daclip
