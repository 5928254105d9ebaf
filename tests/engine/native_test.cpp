#include "engine/native_backend.h"

#include <sys/resource.h>

#include <cstring>
#include <optional>
#include <thread>

#include "engine/memory_pool.h"
#include "ops/conformance.h"
#include "ops/conformance_refusals.h"
#include "sanitizer.h"

namespace daclip {
namespace {

BackendCase native_case(const std::string& name, NativeOptions options, double tolerance) {
  const auto make = [options]() -> std::unique_ptr<Backend> {
    if (!NativeBackend::supports(options.precision)) return nullptr;
    return std::make_unique<NativeBackend>(options);
  };
  return {name, make, tolerance};
}

// The operations of a small network, on a separate backend.
std::vector<float> little_network(NativeOptions options) {
  NativeBackend b(options);
  Random random(7);
  const auto values = [&](size_t n) {
    std::vector<float> v(n);
    for (float& x : v) x = float(random.normal());
    return v;
  };
  const Tensor x = b.from_floats(values(24 * 31 * 3), {1, 24, 31, 3});
  const Tensor w1 = b.weight(values(32 * 27), {32, 3, 3, 3}), w2 = b.weight(values(32 * 32), {32, 32, 1, 1});
  const Tensor gain = b.weight(values(32), {32}), taps = b.weight(values(32 * 9), {32, 1, 3, 3});
  Tensor y = b.layer_norm(b.conv2d(x, w1, gain, {1, 1}), gain, gain, 1e-6f);
  for (int i = 0; i < 5; ++i) y = b.add(y, b.normalize(b.conv2d(b.depthwise_conv2d(y, taps, gain), w2, Tensor())));
  return b.to_floats(b.simple_gate(b.mul(y, b.global_mean(y))));
}

}  // namespace

std::vector<BackendCase> backend_cases() {
  return {native_case("f32_1thread", {1, DType::f32}, 1e-5), native_case("f32_3threads", {3, DType::f32}, 1e-5),
          native_case("bf16_1thread", {1, DType::bf16}, 2e-2), native_case("bf16_3threads", {3, DType::bf16}, 2e-2)};
}

TEST(NativeBackend, threads_with_backends_of_their_own_do_not_disturb_each_other) {
  const std::vector<float> expected = little_network({2, DType::f32});
  std::vector<float> found[2];
  std::thread other([&] { found[0] = little_network({2, DType::f32}); });
  found[1] = little_network({2, DType::f32});
  other.join();
  EXPECT_EQ(found[0], expected);
  EXPECT_EQ(found[1], expected);
}

TEST(NativeBackend, the_number_of_threads_changes_little_and_a_rerun_nothing) {
  const std::vector<float> one = little_network({1, DType::f32}), three = little_network({3, DType::f32});
  EXPECT_EQ(three, little_network({3, DType::f32}));
  float largest = 0;
  for (float v : one) largest = std::max(largest, std::abs(v));
  for (size_t i = 0; i < one.size(); ++i) ASSERT_NEAR(one[i], three[i], 1e-5f * largest);
}

TEST(NativeBackend, tensors_may_outlive_their_backend) {
  std::optional<NativeBackend> backend(NativeOptions{1, DType::f32});
  Tensor x = backend->from_floats(std::vector<float>(1000, 1.0f), {1000});
  Tensor y = backend->relu(x);
  backend.reset();
  const Tensor copy = x;
  x = Tensor();
  y = Tensor();
  EXPECT_TRUE(copy.defined());
}

TEST(NativeBackend, uses_the_wanted_threads) {
  EXPECT_EQ(NativeBackend({3, DType::f32}).threads(), 3);
  EXPECT_GE(NativeBackend().threads(), 1);
  EXPECT_THROW(NativeBackend({-1, DType::f32}), UsageError);
}

TEST(NativeBackend, refuses_bfloat16_where_the_processor_has_none) {
  EXPECT_TRUE(NativeBackend::supports(DType::f32));
  if (NativeBackend::supports(DType::bf16)) GTEST_SKIP() << "this processor has bfloat16";
  EXPECT_THROW(NativeBackend({1, DType::bf16}), DeviceError);
}

TEST(NativeBackend, refuses_tensors_of_another_precision) {
  if (!NativeBackend::supports(DType::bf16)) GTEST_SKIP() << "this processor has no bfloat16";
  NativeBackend wide({1, DType::f32}), narrow({1, DType::bf16});
  const Tensor x = narrow.from_floats(std::vector<float>(4, 1.0f), {4});
  EXPECT_THROW(wide.relu(x), ShapeError);
}

// Norm, queries, keys and values, attention, output, norm, residual, composed of plain operations.
Tensor linear_attention_by_parts(Backend& b, const Scope& w, const Tensor& x, int heads, float eps) {
  const auto gain = [&](const char* name) { return b.reshape(w(name), {w(name).numel()}); };
  const int64_t n = x.dim(0), height = x.dim(1), width = x.dim(2), inner = w("fn.to_qkv.weight").dim(0) / 3;
  Tensor y = b.conv2d(b.layer_norm(x, gain("norm.g"), {}, eps), w("fn.to_qkv.weight"), {});
  y = b.reshape(y, {n, height * width, 3 * inner});
  const auto part = [&](int64_t i) { return b.slice(y, 2, i * inner, (i + 1) * inner); };
  y = b.linear_attention(part(0), part(1), part(2), heads);
  y = b.conv2d(b.reshape(y, {n, height, width, inner}), w("fn.to_out.0.weight"), w("fn.to_out.0.bias"));
  return b.add(x, b.layer_norm(y, gain("fn.to_out.1.g"), {}, eps));
}

TEST(NativeBackend, fused_linear_attention_equals_its_parts) {
  struct Case {
    int64_t n, height, width, channels, head_dim;
    int heads;
    DType type;
  };
  std::vector<Case> cases = {{1, 1, 1, 8, 4, 1, DType::f32},
                             {2, 7, 9, 32, 32, 4, DType::f32},
                             {1, 70, 50, 20, 5, 3, DType::f32},
                             {2, 64, 65, 64, 32, 4, DType::f32}};
  if (NativeBackend::supports(DType::bf16)) cases.push_back({2, 64, 65, 64, 32, 4, DType::bf16});
  for (const Case& c : cases) {
    NativeBackend b({2, c.type});
    Random random(11);
    const auto values = [&](size_t count, double spread, double centre) {
      std::vector<float> v(count);
      for (float& x : v) x = float(centre + spread * random.normal());
      return v;
    };
    Weights weights;
    const auto add = [&](const char* name, const Shape& shape, double spread, double centre) {
      weights.emplace(name, b.weight(values(size_t(Tensor(shape, c.type, {}).numel()), spread, centre), shape));
    };
    const int64_t inner = c.heads * c.head_dim;
    add("norm.g", {1, c.channels, 1, 1}, 0.2, 1);
    add("fn.to_qkv.weight", {3 * inner, c.channels, 1, 1}, 0.4, 0);
    add("fn.to_out.0.weight", {c.channels, inner, 1, 1}, 0.4, 0);
    add("fn.to_out.0.bias", {c.channels}, 0.1, 0);
    add("fn.to_out.1.g", {1, c.channels, 1, 1}, 0.2, 1);
    const Shape shape = {c.n, c.height, c.width, c.channels};
    const Tensor x = b.from_floats(values(size_t(c.n * c.height * c.width * c.channels), 1, 0.3), shape);
    const Scope w(weights);
    const std::vector<float> expected = b.to_floats(linear_attention_by_parts(b, w, x, c.heads, 1e-5f));
    for (int round = 0; round < 2; ++round) {
      const std::vector<float> found = b.to_floats(b.fused_linear_attention(w, x, c.heads, 1e-5f));
      ASSERT_EQ(found.size(), expected.size());
      for (size_t i = 0; i < found.size(); ++i)
        ASSERT_NEAR(found[i], expected[i], c.type == DType::f32 ? 2e-4 : 0.2) << to_string(shape) << " value " << i;
    }
  }
}

// Largest resident memory of this process so far, in bytes.
size_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return size_t(usage.ru_maxrss) * 1024;
}

TEST(NativeBackend, attention_over_many_tokens_never_holds_all_scores) {
  constexpr int64_t kTokens = 8192;  // 268 MB of scores
  NativeBackend b({1, DType::f32});
  const Tensor x = b.from_floats(std::vector<float>(kTokens * 4, 0.5f), {1, kTokens, 4});
  const size_t before = peak_memory();
  EXPECT_TRUE(b.attention(x, x, x, 1).defined());
  EXPECT_LT(peak_memory() - before, size_t(64) << 20);
}

TEST(MemoryPool, holds_little_more_than_was_ever_in_use) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "the sanitizer's own memory grows with that of the pool";
  const auto pool = std::make_shared<MemoryPool>();
  const size_t before = peak_memory();
  for (size_t size = size_t(400) << 20; size > size_t(200) << 20; size -= size_t(50) << 20) {
    const auto first = pool->allocate(size), second = pool->allocate(size / 2);
    std::memset(first->data(), 1, size);
    std::memset(second->data(), 1, size / 2);
  }
  EXPECT_LT(peak_memory() - before, size_t(900) << 20);
}

TEST(MemoryPool, hands_blocks_out_again) {
  const auto pool = std::make_shared<MemoryPool>();
  auto first = pool->allocate(100000);
  void* data = first->data();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 64, 0u);
  first.reset();
  EXPECT_EQ(pool->allocate(100000)->data(), data);
}

TEST(MemoryPool, refuses_what_no_machine_has) {
  EXPECT_THROW(std::make_shared<MemoryPool>()->allocate(size_t(1) << 62), LimitError);
}

}  // namespace daclip
