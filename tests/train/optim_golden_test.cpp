// Optimisers, averages, schedules and losses against the values in golden/optim.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "train/adamw.h"
#include "train/clip_grad.h"
#include "train/ema.h"
#include "train/lion.h"
#include "train/losses.h"
#include "train/lr_schedule.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

using nlohmann::json;

torch::Tensor to_torch(const NamedArray& array) {
  const std::vector<double> values = array.to_doubles();
  return torch::tensor(at::ArrayRef<double>(values), at::kDouble).to(at::kFloat).reshape(array.shape);
}

void expect_close(const torch::Tensor& found, const torch::Tensor& expected, double tolerance,
                  const std::string& what) {
  ASSERT_EQ(found.numel(), expected.numel()) << what;
  const torch::Tensor difference = (found.detach().reshape({-1}) - expected.reshape({-1})).abs();
  EXPECT_LE(difference.max().item<double>(), tolerance * std::max(1e-12, expected.abs().max().item<double>())) << what;
}

class OptimGolden : public testing::Test {
 protected:
  void SetUp() override {
    const char* given = std::getenv("DACLIP_GOLDEN_DIR");
    folder_ = std::filesystem::path(given ? given : "../shared/golden") / "optim";
    if (!std::filesystem::exists(folder_ / "cases.safetensors")) GTEST_SKIP() << "no " << folder_;
    cases_ = read_safetensors(folder_ / "cases.safetensors");
  }

  json read(const char* name) const {
    std::ifstream file(folder_ / name);
    return json::parse(file);
  }

  torch::Tensor value(const std::string& name) const { return to_torch(cases_.at(name)); }

  NamedParams start() const {
    NamedParams params;
    for (int i = 0; cases_.has(cat("p0.", i)); ++i) {
      params.push_back({cat(i), value(cat("p0.", i)).clone().requires_grad_(true)});
    }
    return params;
  }

  // Thirty steps on the gradients of the file, compared wherever it has the parameters after one.
  template <class Optimizer>
  void check_steps(const std::string& name, NamedParams params, Optimizer& optimizer, double lr) const {
    for (int step = 0; cases_.has(cat("grad.", step, ".0")); ++step) {
      for (size_t i = 0; i < params.size(); ++i) {
        params[i].value.mutable_grad() = value(cat("grad.", step, ".", i)).clone();
      }
      optimizer.step(lr);
      for (size_t i = 0; i < params.size(); ++i) {
        const std::string key = cat(name, ".after", step + 1, ".", i);
        if (cases_.has(key)) expect_close(params[i].value, value(key), 1e-6, key);
      }
    }
  }

  std::filesystem::path folder_;
  NamedArrays cases_;
};

TEST_F(OptimGolden, optimisers_step_as_the_reference) {
  const json config = read("config.json");
  for (const auto& [name, entry] : config.at("optimizers").items()) {
    NamedParams params = start();
    const double lr = entry.at("lr"), beta1 = entry.at("betas")[0], beta2 = entry.at("betas")[1];
    const std::string type = entry.at("type");
    if (type.find("Lion") != std::string::npos) {
      Lion lion(params, {beta1, beta2, entry.at("weight_decay")});
      check_steps(name, params, lion, lr);
    } else {
      AdamWOptions options{beta1, beta2, entry.at("eps"), entry.at("weight_decay")};
      options.decoupled = type.find("AdamW") != std::string::npos;
      options.decay_vectors = true;
      AdamW adam(params, options);
      check_steps(name, params, adam, lr);
    }
  }
}

TEST_F(OptimGolden, gradients_are_clipped_by_their_common_norm) {
  NamedParams params;
  for (int i = 0; cases_.has(cat("clip.grad.", i)); ++i) {
    const torch::Tensor grad = value(cat("clip.grad.", i));
    params.push_back({cat(i), torch::zeros_like(grad).requires_grad_(true)});
    params.back().value.mutable_grad() = grad.clone();
  }
  const double expected = value("clip.total_norm").item<double>();
  EXPECT_NEAR(clip_grad_norm(params, 1.0), expected, 1e-6 * expected);
  for (size_t i = 0; i < params.size(); ++i) {
    expect_close(params[i].value.grad(), value(cat("clip.out.", i)), 1e-6, "clip");
  }
}

TEST_F(OptimGolden, the_average_follows_ema_pytorch) {
  const torch::Tensor models = value("ema.model_weight"), averages = value("ema.ema_weight");
  const std::vector<double> decays = cases_.at("ema.current_decay_after_update").to_doubles();
  NamedParams params = {{"w", models[0].clone().requires_grad_(true)}};
  Ema ema(params, {.beta = 0.995, .update_every = 10});
  for (int64_t t = 0; t < models.size(0); ++t) {
    {
      const torch::NoGradGuard no_grad;
      params[0].value.copy_(models[t]);
    }
    ema.update();
    EXPECT_LE((ema.averages()[0].value - averages[t]).abs().max().item<double>(), 1e-6) << t;
    EXPECT_NEAR(ema.decay(), decays[size_t(t)], 1e-7) << t;
  }
}

TEST_F(OptimGolden, losses_give_the_reference_values) {
  const torch::Tensor p = value("loss.predict"), t = value("loss.target");
  expect_close(matching_loss(p, t, false), value("loss.l1"), 1e-6, "l1");
  expect_close(mean_absolute_loss(p, t), value("loss.l1"), 1e-6, "l1");
  expect_close(matching_loss(p, t, true), value("loss.l2"), 1e-6, "l2");
  expect_close(matching_loss(p, t, false, value("loss.weights_b1")), value("loss.l1_weighted"), 1e-6, "weighted");
}

TEST_F(OptimGolden, learning_rates_follow_the_reference) {
  const json all = read("lr_schedules.json");
  for (const auto& [name, entry] : all.items()) {
    const json& a = entry.at("args");
    const auto number = [&a](const char* key) {
      return a.contains(key) && !a[key].is_null() ? a[key].get<double>() : 0;
    };
    std::vector<Restart> restarts;
    if (a.contains("restarts") && a["restarts"].is_array()) {
      for (size_t i = 0; i < a["restarts"].size(); ++i) {
        const int64_t period = a.contains("T_period") ? a["T_period"][i + 1].get<int64_t>() : 0;
        restarts.push_back({a["restarts"][i], a["restart_weights"][i], period});
      }
    }
    const std::vector<double> expected = entry.at("lr");
    for (size_t k = 0; k < expected.size(); ++k) {
      const int64_t step = int64_t(k), warmup = int64_t(number("warmup")), steps = int64_t(number("steps"));
      double lr = 0;
      if (name.starts_with("TrueCosine")) {
        lr = cosine_annealing_lr(step, number("lr"), number("eta_min"), int64_t(number("T_max")));
      } else if (name.starts_with("MultiStep")) {
        lr = multi_step_restart_lr(step, number("lr"), a["milestones"], restarts);
      } else if (name.starts_with("CosineAnnealingLR_Restart")) {
        lr = cosine_restart_lr(step, number("lr"), number("eta_min"), a["T_period"][0], restarts);
      } else if (name.ends_with("cosine_lr")) {
        lr = warmup_cosine_lr(step, number("base_lr"), warmup, steps);
      } else if (name.ends_with("const_lr")) {
        lr = warmup_constant_lr(step, number("base_lr"), warmup);
      } else {
        ASSERT_TRUE(name.ends_with("cooldown")) << name;
        const Cooldown cooldown{int64_t(number("cooldown_steps")), number("cooldown_power"), number("cooldown_end_lr")};
        lr = warmup_cooldown_lr(step, number("base_lr"), warmup, steps, cooldown);
      }
      EXPECT_NEAR(lr, expected[k], 1e-9 * expected[k]) << name << " at step " << step;
    }
  }
}

}  // namespace
}  // namespace daclip
