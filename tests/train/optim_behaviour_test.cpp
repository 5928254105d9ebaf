#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "train/adamw.h"
#include "train/clip_grad.h"
#include "train/ema.h"
#include "train/losses.h"
#include "train/muon.h"

namespace daclip {
namespace {

NamedParams two_params() {
  torch::manual_seed(2);
  return {{"matrix", torch::randn({5, 7}).requires_grad_(true)}, {"bias", torch::randn({9}).requires_grad_(true)}};
}

void set_grads(NamedParams& params, int step) {
  torch::manual_seed(uint64_t(step) + 10);
  for (NamedParam& p : params) p.value.mutable_grad() = torch::randn_like(p.value).detach();
}

TEST(AdamW, decays_matrices_only) {
  NamedParams params = {{"kernel", torch::ones({4, 1, 3, 3}).requires_grad_(true)},
                        {"gain", torch::ones({1, 8, 1, 1}).requires_grad_(true)},
                        {"scale", torch::ones({}).requires_grad_(true)}};
  for (NamedParam& p : params) p.value.mutable_grad() = torch::zeros_like(p.value);
  AdamW adam(params, {.weight_decay = 0.5});
  adam.step(0.1);
  EXPECT_FLOAT_EQ(params[0].value.max().item<float>(), 0.95f);
  EXPECT_FLOAT_EQ(params[1].value.max().item<float>(), 1.0f);
  EXPECT_FLOAT_EQ(params[2].value.item<float>(), 1.0f);
}

TEST(AdamW, resumes_exactly_from_its_moments) {
  NamedParams straight = two_params(), broken = two_params();
  AdamW one(straight), before(broken);
  for (int step = 0; step < 3; ++step) {
    set_grads(straight, step), one.step(1e-2);
    set_grads(broken, step), before.step(1e-2);
  }
  AdamW after(broken);
  for (size_t i = 0; i < broken.size(); ++i) {
    after.first_moments()[i].value.copy_(before.first_moments()[i].value);
    after.second_moments()[i].value.copy_(before.second_moments()[i].value);
  }
  after.set_steps(before.steps());
  for (int step = 3; step < 6; ++step) {
    set_grads(straight, step), one.step(1e-2);
    set_grads(broken, step), after.step(1e-2);
  }
  for (size_t i = 0; i < broken.size(); ++i) EXPECT_TRUE(straight[i].value.equal(broken[i].value));
}

TEST(AdamW, leaves_parameters_without_a_gradient_alone) {
  NamedParams params = two_params();
  const torch::Tensor before = params[1].value.detach().clone();
  params[0].value.mutable_grad() = torch::ones_like(params[0].value);
  AdamW adam(params, {.weight_decay = 0.1, .decay_vectors = true});
  adam.step(0.1);
  EXPECT_TRUE(params[1].value.equal(before));
}

TEST(AdamW, refuses_what_is_no_float32_leaf) {
  EXPECT_THROW(AdamW({{"half", torch::ones({2}, torch::kBFloat16)}}), UsageError);
  EXPECT_THROW(AdamW({{"sum", torch::ones({2}).requires_grad_(true) + 1}}), UsageError);
}

TEST(Muon, brings_singular_values_close_to_one_and_keeps_the_directions) {
  torch::manual_seed(3);
  for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{12, 30}, {30, 12}, {16, 16}}) {
    const auto [u, s, vh] = torch::linalg_svd(torch::randn({rows, columns}), false);
    const int64_t rank = std::min(rows, columns);
    const torch::Tensor stretched = u.matmul(torch::diag(torch::linspace(1, 20, rank))).matmul(vh);
    const torch::Tensor in_base = u.t().matmul(orthogonalised(stretched.unsqueeze(0))[0]).matmul(vh.t());
    EXPECT_GT(in_base.diagonal().min().item<float>(), 0.5f);
    EXPECT_LT(in_base.diagonal().max().item<float>(), 1.3f);
    EXPECT_LT((in_base - torch::diag(in_base.diagonal())).abs().max().item<float>(), 1e-3f);
  }
}

TEST(Muon, moves_by_a_fifth_of_the_learning_rate_and_decays) {
  NamedParams params = {{"kernel", torch::ones({8, 4, 3, 3}).requires_grad_(true)}};
  torch::manual_seed(4);
  params[0].value.mutable_grad() = torch::randn({8, 4, 3, 3});
  Muon muon(params, {.weight_decay = 0.5});
  muon.step(0.1);
  const torch::Tensor moved = params[0].value.detach() - 0.95;
  EXPECT_NEAR(moved.square().mean().sqrt().item<float>(), 0.02f, 0.005f);
}

TEST(Muon, moves_each_matrix_as_if_it_were_alone) {
  torch::manual_seed(5);
  const auto leaf = [](at::IntArrayRef shape) { return torch::randn(shape).requires_grad_(true); };
  NamedParams together = {
      {"a", leaf({6, 4})}, {"b", leaf({4, 6})}, {"c", leaf({6, 4})}, {"kernel", leaf({6, 2, 1, 2})}};
  NamedParams alone;
  for (NamedParam& p : together) {
    p.value.mutable_grad() = torch::randn(p.value.sizes());
    alone.push_back({p.name, p.value.detach().clone().requires_grad_(true)});
    alone.back().value.mutable_grad() = p.value.grad().clone();
  }
  Muon muon(together);
  muon.step(0.1);
  for (size_t i = 0; i < alone.size(); ++i) {
    Muon single({alone[i]});
    single.step(0.1);
    EXPECT_LT((alone[i].value - together[i].value).abs().max().item<float>(), 1e-6f) << alone[i].name;
  }
}

TEST(Muon, refuses_what_is_no_matrix) {
  EXPECT_THROW(Muon({{"bias", torch::ones({9}).requires_grad_(true)}}), UsageError);
}

TEST(ForgetGradients, leaves_none_to_add_to) {
  NamedParams params = two_params();
  set_grads(params, 1);
  forget_gradients(params);
  for (const NamedParam& p : params) EXPECT_FALSE(p.value.grad().defined());
}

TEST(ClipGradNorm, scales_nothing_when_the_limit_is_infinite) {
  NamedParams params = two_params();
  set_grads(params, 1);
  const torch::Tensor before = params[0].value.grad().clone();
  EXPECT_GT(clip_grad_norm(params, std::numeric_limits<double>::infinity()), 0);
  EXPECT_TRUE(params[0].value.grad().equal(before));
}

TEST(Ema, resumes_exactly_from_its_steps) {
  const EmaOptions options{.beta = 0.9, .update_every = 2, .update_after = 3};
  NamedParams params = two_params();
  Ema straight(params, options), before(params, options);
  const auto train = [&params](int step) {
    const torch::NoGradGuard no_grad;
    for (NamedParam& p : params) p.value.mul_(0.9).add_(step);
  };
  for (int step = 0; step < 9; ++step) train(step), straight.update(), before.update();
  Ema after(params, options);
  for (size_t i = 0; i < params.size(); ++i) after.averages()[i].value.copy_(before.averages()[i].value);
  after.set_steps(before.steps());
  for (int step = 9; step < 14; ++step) train(step), straight.update(), after.update();
  for (size_t i = 0; i < params.size(); ++i) {
    EXPECT_TRUE(straight.averages()[i].value.equal(after.averages()[i].value));
    EXPECT_FALSE(straight.averages()[i].value.equal(params[i].value));
  }
}

TEST(ContrastiveLoss, masks_rows_that_share_a_text) {
  // With only two texts, each row's one true rival is of the other text; its own copies do not count.
  const torch::Tensor text = torch::eye(2).index_select(0, torch::tensor({0, 0, 1, 1}));
  const torch::Tensor image = text, scale = torch::tensor(1.0f);
  const double plain = contrastive_loss(image, text, scale).item<double>();
  const double masked = contrastive_loss(image, text, scale, std::vector<int64_t>{5, 5, 7, 7}).item<double>();
  EXPECT_NEAR(plain, -1 + std::log(2 * std::exp(1.0) + 2), 1e-6);
  EXPECT_NEAR(masked, -1 + std::log(std::exp(1.0) + 2), 1e-6);
}

TEST(ContrastiveLoss, has_finite_gradients_when_all_share_one_text) {
  const torch::Tensor image = torch::nn::functional::normalize(torch::randn({3, 4})).requires_grad_(true);
  const std::vector<int64_t> same = {1, 1, 1};
  const torch::Tensor loss = contrastive_loss(image, image.detach(), torch::tensor(10.0f), same);
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), 0, 1e-6);
  EXPECT_TRUE(image.grad().isfinite().all().item<bool>());
}

TEST(ContrastiveLoss, refuses_as_many_ids_as_do_not_fit) {
  const torch::Tensor x = torch::eye(3);
  EXPECT_THROW(contrastive_loss(x, x, torch::tensor(1.0f), std::vector<int64_t>{1}), ShapeError);
}

TEST(Losses, psnr_loss_saturates_at_its_ceiling) {
  const torch::Tensor target = torch::full({1, 4, 4, 3}, 0.5);
  EXPECT_NEAR(psnr_loss(target, target, 40).item<double>(), -40, 1e-4);
  EXPECT_NEAR(psnr_loss(target + 0.1, target, 40).item<double>(), 10 * std::log10(0.01 + 0.0001), 1e-4);
}

TEST(Losses, psnr_loss_is_minus_the_psnr) {
  const torch::Tensor target = torch::zeros({2, 4, 4, 3});
  EXPECT_NEAR(psnr_loss(target + 0.1, target).item<double>(), -20, 1e-4);
}

TEST(Losses, charbonnier_is_smooth_at_zero_and_absolute_far_away) {
  const torch::Tensor zero = torch::zeros({1, 2, 2, 3});
  EXPECT_NEAR(charbonnier_loss(zero, zero).item<double>(), 1e-3, 1e-9);
  EXPECT_NEAR(charbonnier_loss(zero + 5, zero).item<double>(), 5, 1e-6);
}

}  // namespace
}  // namespace daclip
