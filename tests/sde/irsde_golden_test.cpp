// Schedules, single steps and whole trajectories of IR-SDE against the reference in double precision.
#include "sde_fixtures.h"

namespace daclip {
namespace {

using fixtures::countdown;
using fixtures::Json;
using Values = std::vector<double>;
namespace fs = std::filesystem;

class IrsdeCase {
 public:
  IrsdeCase(const NamedArrays& cases, const Json& json)
      : cases_(cases), name_(json.at("name")), s_(fixtures::sde_config(json), std::max(0, json.value("sample_T", 0))) {}

  void check() {
    check_tables();
    for (int t = 1; t <= s_.steps(); ++t)
      if (cases_.has(cat(name_, ".out64.t", t, ".mu_bar"))) check_steps(t);
    if (cases_.has(name_ + ".in.batch_t")) check_training();
    for (const SamplerKind sampler : {SamplerKind::sde, SamplerKind::posterior, SamplerKind::ode}) {
      check_trajectory(sampler, false);
      check_trajectory(sampler, true);
    }
  }

 private:
  Values in(const std::string& name) const { return cases_.at(name_ + ".in." + name).to_doubles(); }

  // From the fixtures' README: a port in double precision agrees within 1e-10.
  void compare(const std::string& name, const Values& found) {
    const std::string key = name_ + ".out64." + name;
    if (!cases_.has(key)) return;
    const Values expected = cases_.at(key).to_doubles();
    ASSERT_EQ(found.size(), expected.size()) << key;
    const double allowed = 1e-10 * std::max(1.0, fixtures::largest(expected));
    for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], allowed) << key << " value " << i;
    ++compared_;
  }

  template <class F>
  Values each(const F& f) const {
    Values result(x0_.size());
    for (size_t i = 0; i < result.size(); ++i) result[i] = f(i);
    return result;
  }

  void check_tables() {
    Values theta, sigma, sum, bar;
    for (int t = 0; t <= s_.steps(); ++t) {
      theta.push_back(s_.theta(t));
      sigma.push_back(s_.sigma(t));
      sum.push_back(s_.theta_sum(t));
      bar.push_back(s_.sigma_bar(t));
    }
    compare("thetas", theta);
    compare("sigmas", sigma);
    compare("thetas_cumsum", sum);
    compare("sigma_bars", bar);
    compare("dt", {s_.dt()});
    compare("max_sigma", {s_.max_sigma()});
    compare("sample_scale", {s_.time_scale()});
    EXPECT_GE(compared_, 5) << name_;
  }

  // The state after the first step of a plan.
  Values one_step(SamplerKind sampler, int t) {
    Values state = xt_, result;
    const auto predict = [&](int step, std::span<const double> x, std::span<double> noise) {
      if (step == 1) result.assign(x.begin(), x.end());
      std::copy(predicted_.begin(), predicted_.end(), noise.begin());
    };
    const auto fresh = [&](int, std::span<double> z) { std::copy(noise_.begin(), noise_.end(), z.begin()); };
    sample_from(state, SamplingPlan(s_, sampler, countdown(t)), mu_, predict, fresh);
    return t == 1 ? state : result;
  }

  void check_steps(int t) {
    x0_ = in("x0"), mu_ = in("mu"), xt_ = in("xt"), noise_ = in("noise"), predicted_ = in("pred_noise");
    const std::string at = cat("t", t, ".");
    const double alpha = s_.alpha(t), bar = s_.sigma_bar(t), theta = s_.theta(t), root = std::sqrt(s_.dt());
    const auto mean = [&](size_t i) { return mu_[i] + alpha * (x0_[i] - mu_[i]); };
    compare(at + "mu_bar", each(mean));
    compare(at + "weight", {alpha});
    compare(at + "forward_state", each([&](size_t i) { return mean(i) + bar * noise_[i]; }));
    compare(at + "score", each([&](size_t i) { return -predicted_[i] / bar; }));
    compare(at + "real_noise", each([&](size_t i) { return (xt_[i] - mean(i)) / bar; }));
    compare(at + "real_score", each([&](size_t i) { return -(xt_[i] - mean(i)) / (bar * bar); }));
    compare(at + "forward_step", each([&](size_t i) {
              return xt_[i] + theta * (mu_[i] - xt_[i]) * s_.dt() + s_.sigma(t) * root * noise_[i];
            }));
    compare(at + "init_from_noise",
            each([&](size_t i) { return mu_[i] + (xt_[i] - mu_[i] - bar * predicted_[i]) / alpha; }));
    const EulerMean euler = euler_mean(s_, t);
    compare(at + "reverse_sde_step_mean",
            each([&](size_t i) { return mu_[i] + euler.state * (xt_[i] - mu_[i]) + euler.noise * predicted_[i]; }));
    const Posterior p = posterior(s_, t, t - 1);
    compare(at + "reverse_optimum_step",
            each([&](size_t i) { return mu_[i] + p.state * (xt_[i] - mu_[i]) + p.clean * (x0_[i] - mu_[i]); }));
    compare(at + "reverse_optimum_std", {p.deviation});
    compare(at + "reverse_sde_step", one_step(SamplerKind::sde, t));
    compare(at + "reverse_ode_step", one_step(SamplerKind::ode, t));
    compare(at + "reverse_posterior_step", one_step(SamplerKind::posterior, t));
    compare(at + "reverse_posterior_step", one_step(SamplerKind::mars_sde_1, t));
    if (t == s_.steps()) compare("noise_state", each([&](size_t i) { return mu_[i] + s_.max_sigma() * noise_[i]; }));
  }

  // Both sides of the training loss, with a separate time for each image.
  void check_training() {
    x0_ = in("x0"), mu_ = in("mu"), noise_ = in("noise"), predicted_ = in("pred_noise");
    const std::vector<int64_t> times = cases_.at(name_ + ".in.batch_t").to_ints();
    const size_t image = x0_.size() / times.size();
    const auto time = [&](size_t i) { return int(times[i / image]); };
    const Values state = each(
        [&](size_t i) { return mu_[i] + s_.alpha(time(i)) * (x0_[i] - mu_[i]) + s_.sigma_bar(time(i)) * noise_[i]; });
    compare("train_state", state);
    compare("train_step_mean", each([&](size_t i) {
              const EulerMean euler = euler_mean(s_, time(i));
              return mu_[i] + euler.state * (state[i] - mu_[i]) + euler.noise * predicted_[i];
            }));
    compare("train_optimum", each([&](size_t i) {
              const Posterior p = posterior(s_, time(i), time(i) - 1);
              return mu_[i] + p.state * (state[i] - mu_[i]) + p.clean * (x0_[i] - mu_[i]);
            }));
  }

  // With the fixtures' toy network (or, as oracle, with the noise that leads to a known picture).
  void check_trajectory(SamplerKind sampler, bool oracle) {
    const std::string what = cat(oracle ? "oracle_" : "traj_", sampler_name(sampler));
    if (!cases_.has(name_ + ".out64." + what)) return;
    const Values mu = in("traj_mu"), x0 = in("traj_x0");
    const std::string recorded = sampler == SamplerKind::posterior ? "traj_noise_post" : "traj_noise_sde";
    const Values noises = sampler == SamplerKind::ode ? Values() : in(recorded);
    const SamplingPlan plan(s_, sampler, countdown(s_.steps()));
    const auto predict = [&](int step, std::span<const double> x, std::span<double> noise) {
      const int t = s_.steps() - step;
      for (size_t i = 0; i < x.size(); ++i)
        noise[i] = oracle ? (x[i] - mu[i] - s_.alpha(t) * (x0[i] - mu[i])) / s_.sigma_bar(t)
                          : 0.3 * std::tanh(x[i] - mu[i]) + 0.01 * plan.network_time(step);
    };
    const auto fresh = [&](int draw, std::span<double> z) {
      std::copy_n(noises.begin() + std::ptrdiff_t(size_t(draw - 1) * z.size()), z.size(), z.begin());
    };
    Values state = in("traj_x");
    sample_from(state, plan, mu, predict, fresh);
    EXPECT_EQ(plan.evaluations(), s_.steps());
    compare(what, state);
  }

  const NamedArrays& cases_;
  std::string name_;
  Schedule s_;
  Values x0_, mu_, xt_, noise_, predicted_;
  int compared_ = 0;
};

// Returns false if `root` has no such fixture.
bool check_irsde(const fs::path& root) {
  const std::vector<fs::path> folders = fixtures::folders_with(root, "/configs/0/schedule");
  for (const fs::path& folder : folders) {
    const NamedArrays cases = read_safetensors(folder / "cases.safetensors");
    const Json json = fixtures::read_json(folder / "config.json");
    for (const Json& config : json.at("configs")) IrsdeCase(cases, config).check();
  }
  return !folders.empty();
}

TEST(IrsdeGolden, tables_steps_and_trajectories_equal_the_reference) {
  if (!check_irsde(fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(IrsdeGolden, tables_steps_and_trajectories_equal_the_committed_values) {
  EXPECT_TRUE(check_irsde("tests/sde/data"));
}

}  // namespace
}  // namespace daclip
