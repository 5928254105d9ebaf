// The conformance suite on NaiveBackend itself: it accepts correct calls and refuses misuse.
#include "ops/conformance.h"
#include "ops/conformance_refusals.h"

namespace daclip {

std::vector<BackendCase> backend_cases() {
  return {{"naive", [] { return std::make_unique<NaiveBackend>(); }, 1e-6}};
}

TEST(Naive, layer_norm_of_a_known_row) {
  NaiveBackend b;
  const Tensor x = b.from_floats(std::vector<float>{1, 3}, {1, 2});
  const std::vector<float> found =
      b.to_floats(b.layer_norm(x, b.weight(std::vector<float>{2, 2}, {2}), Tensor(), 0.0f));
  EXPECT_EQ(found, (std::vector<float>{-2, 2}));
}

TEST(Naive, pixel_unshuffle_has_pytorchs_channel_order) {
  NaiveBackend b;
  const Tensor x = b.from_floats(std::vector<float>{0, 10, 1, 11, 2, 12, 3, 13}, {1, 2, 2, 2});
  EXPECT_EQ(b.to_floats(b.pixel_unshuffle(x, 2)), (std::vector<float>{0, 1, 2, 3, 10, 11, 12, 13}));
}

TEST(Naive, pooling_of_a_known_row) {
  NaiveBackend b;
  const Tensor x = b.from_floats(std::vector<float>{-1, -2, -3, -4, 6, 5, 7, 8}, {1, 2, 4, 1});
  EXPECT_EQ(b.to_floats(b.max_pool(x, {.kernel = 2, .stride = 2})), (std::vector<float>{6, 8}));
  EXPECT_EQ(b.to_floats(b.max_pool(x, {.kernel = 2, .stride = 3, .ceil_mode = true})), (std::vector<float>{6, 8}));
  EXPECT_EQ(b.to_floats(b.average_pool(x, {.kernel = 2, .stride = 2, .padding = 1})),
            (std::vector<float>{-1, -2.5, -4, 6, 6, 8}));
  EXPECT_EQ(b.max_pool(b.from_floats(std::vector<float>(6), {1, 1, 6, 1}), {.kernel = 1, .stride = 4}).dim(2), 2);
}

TEST(Naive, local_mean_of_a_known_row) {
  NaiveBackend b;
  const Tensor x = b.from_floats(std::vector<float>{1, 2, 3, 4, 6}, {1, 1, 5, 1});
  EXPECT_EQ(b.to_floats(b.local_mean(x, 1, 3)), (std::vector<float>{2, 2, 3, 13.0f / 3, 13.0f / 3}));
}

}  // namespace daclip
