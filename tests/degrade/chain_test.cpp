#include "degrade/chain.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/labels.h"
#include "pictures.h"

namespace daclip {
namespace {

TEST(Chain, text_and_back) {
  for (const char* text : {"rainy", "rainy+hazy", "low-light:exposure=-3.5,gamma=1+noisy:sigma=15+motion-blurry",
                           "noisy:sigma=5+noisy:sigma=0.1"})
    EXPECT_EQ(to_text(parse_chain(text)), text);
  const Chain chain = parse_chain("noisy:sigma=1e+1+hazy");
  ASSERT_EQ(chain.steps.size(), 2u);
  EXPECT_EQ(chain.steps[0].params.at("sigma"), 10);
  EXPECT_EQ(to_text(parse_chain(to_text(chain))), to_text(chain));
}

TEST(Chain, refuses_invalid_values) {
  for (const char* text : {"", "+", "rainy+", "+hazy", "rainy++hazy", "rainy+fuzzy", "rainy,hazy", "rainy hazy",
                           "noisy:sigma=5+6", "rainy:+hazy", "clean"})
    EXPECT_THROW(parse_chain(text), UsageError) << text;
  std::string long_one = "noisy";
  for (int i = 0; i < 8; ++i) long_one += "+noisy";
  EXPECT_THROW(parse_chain(long_one), UsageError);
  EXPECT_THROW(degrade(ramps(8, 8), Chain{}, 0), UsageError);
}

TEST(Chain, labels_are_each_kind_once_in_the_order_of_the_labels) {
  EXPECT_EQ(chain_labels(parse_chain("rainy+hazy+rainy")),
            (std::vector<int>{label_index("hazy"), label_index("rainy")}));
}

TEST(Chain, one_step_is_the_plain_degradation) {
  const FloatImage gt = ramps(40, 30);
  EXPECT_EQ(degrade(gt, parse_chain("snowy"), 7).data, degrade(gt, DegradeSpec{"snowy", {}}, 7).data);
}

TEST(Chain, order_matters_and_the_seed_decides) {
  const FloatImage gt = ramps(40, 30);
  const Chain chain = parse_chain("noisy:sigma=30+jpeg-compressed");
  EXPECT_EQ(degrade(gt, chain, 3).data, degrade(gt, chain, 3).data);
  EXPECT_NE(degrade(gt, chain, 3).data, degrade(gt, chain, 4).data);
  EXPECT_NE(degrade(gt, chain, 3).data, degrade(gt, parse_chain("jpeg-compressed+noisy:sigma=30"), 3).data);
}

TEST(Chain, equal_steps_draw_different_fields) {
  // The same noise twice would double its strength; independent noise adds up to sqrt(2) times.
  const FloatImage grey(64, 64, 3, 0.5f);
  const FloatImage twice = degrade(grey, parse_chain("noisy:sigma=10+noisy:sigma=10"), 5);
  double power = 0;
  for (float v : twice.data) power += double(v - 0.5f) * double(v - 0.5f);
  EXPECT_NEAR(std::sqrt(power / double(twice.data.size())) * 255, 14.1, 0.6);
}

TEST(Chain, a_mask_makes_the_holes) {
  const FloatImage gt(16, 16, 3, 0.25f);
  FloatImage mask(16, 16, 1, 1.f);
  mask.at(3, 4, 0) = 0;
  const FloatImage got = degrade(gt, parse_chain("uncompleted"), 1, Severity::paper, &mask);
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 16; ++x) EXPECT_EQ(got.at(x, y, 0), x == 3 && y == 4 ? 1.f : 0.25f);
}

}  // namespace
}  // namespace daclip
