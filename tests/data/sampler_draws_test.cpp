// The draws of a fixed seed, so that no change of their order goes unnoticed: a resumed run would meet other samples.
// Where a change is wanted, take the new values from the failing test.
#include <gtest/gtest.h>

#include <iomanip>
#include <numeric>

#include "core/error.h"
#include "data/sampler.h"
#include "photos.h"

namespace daclip {
namespace {

// Clean photos, a real pair of haze and a photo found in shadow.
std::vector<PackPhoto> mixed_photos() {
  std::vector<PackPhoto> all;
  for (int i = 0; i < 6; ++i) all.push_back(made_photo(cat("p", i), 60 + 8 * i, 50 + 4 * i, uint64_t(i)));
  all.push_back(made_photo("pair", 64, 48, 9));
  all.back().kind = "hazy";
  all.back().lq = made_pixels(64, 48, 10);
  all.push_back(made_photo("found", 70, 56, 11));
  all.back().kind = "shadowed";
  return all;
}

SamplerConfig every_treatment() {
  SamplerConfig config;
  config.seed = 42;
  config.min_side = 32;
  config.region = 56;
  config.rescale_max = 1.2;
  config.found_share = 1;
  config.stored_share = config.grade_share = config.surface_share = config.focus_share = config.wet_share = 0.5;
  return config;
}

double mean(const FloatImage& image) {
  return std::accumulate(image.data.begin(), image.data.end(), 0.0) / double(image.data.size());
}

struct Draw {
  const char* label;
  size_t photo;
  int width, height;
  double gt, lq;  // means
};

constexpr Draw kDraws[] = {
    {"jpeg-compressed", 2, 44, 44, 0.4483, 0.4474},
    {"hazy", 5, 56, 56, 0.5102, 0.7120},
    {"raindrop", 5, 56, 56, 0.5008, 0.5118},
    {"clean", 2, 56, 54, 0.5562, 0.5563},
    {"jpeg-compressed", 5, 56, 50, 0.4959, 0.4990},
    {"jpeg-compressed", 3, 56, 56, 0.5587, 0.5548},
    {"clean", 4, 48, 38, 0.4989, 0.4990},
    {"clean", 1, 83, 83, 0.4218, 0.4220},
    {"raindrop", 0, 56, 52, 0.3198, 0.3788},
    {"low-light", 1, 56, 54, 0.4960, 0.1743},
    {"jpeg-compressed", 3, 56, 56, 0.5063, 0.5066},
    {"motion-blurry", 0, 91, 83, 0.4767, 0.5281},
    {"snowy", 3, 56, 56, 0.5526, 0.5830},
    {"shadowed", 0, 56, 56, 0.4698, 0.3060},
    {"noisy", 1, 56, 44, 0.4971, 0.4969},
    {"snowy", 2, 56, 56, 0.5223, 0.6037},
    {"rainy", 1, 35, 33, 0.3953, 0.4453},
    {"rainy", 0, 56, 51, 0.4788, 0.6291},
    {"hazy", 6, 56, 48, 0.4909, 0.4831},
    {"motion-blurry", 0, 36, 32, 0.4735, 0.4764},
    {"snowy", 1, 43, 35, 0.4968, 0.5912},
    {"uncompleted", 1, 56, 54, 0.4976, 0.7290},
    {"clean", 4, 56, 56, 0.5047, 0.5047},
    {"snowy", 0, 84, 75, 0.4773, 0.6010},
};

TEST(Sampler, draws_for_a_seed_what_it_always_drew) {
  const std::vector<PackPhoto> all = mixed_photos();
  const Sampler sampler(all, every_treatment());
  int number = 0;
  for (const Draw& expected : kDraws) {
    const Sample sample = sampler.make(number % 3, number);
    ++number;
    const double gt = mean(sample.gt), lq = mean(sample.lq);
    const bool same = kLabels[size_t(sample.label)] == expected.label && sample.photo == expected.photo &&
                      sample.gt.width == expected.width && sample.gt.height == expected.height &&
                      std::abs(gt - expected.gt) < 1e-3 && std::abs(lq - expected.lq) < 1e-3;
    EXPECT_TRUE(same) << std::fixed << std::setprecision(4) << "{\"" << kLabels[size_t(sample.label)] << "\", "
                      << sample.photo << ", " << sample.gt.width << ", " << sample.gt.height << ", " << gt << ", " << lq
                      << "},";
  }
}

}  // namespace
}  // namespace daclip
