#include "train/optimizer.h"

namespace daclip {
namespace {

// What Muon updates: matrices that map features to features. Tables of embeddings and depth-wise kernels stay with
// AdamW.
bool mixes_features(const NamedParam& param) {
  return is_matrix(param.value) && param.value.size(1) > 1 && param.name.find("embedding") == std::string::npos;
}

AdamWOptions adamw_options(const OptimizerConfig& c) {
  return {
      .beta1 = c.beta1, .beta2 = c.beta2, .eps = c.eps, .weight_decay = c.weight_decay, .decoupled = c.kind != "adam"};
}

}  // namespace

Optimizer::Optimizer(const NamedParams& params, const OptimizerConfig& config) {
  if (config.kind == "lion") {
    lion_.emplace(params, LionOptions{config.beta1, config.beta2, config.weight_decay});
    return;
  }
  NamedParams matrices, others;
  for (const NamedParam& p : params) (config.kind == "muon" && mixes_features(p) ? matrices : others).push_back(p);
  adamw_.emplace(others, adamw_options(config));
  if (!matrices.empty()) muon_.emplace(matrices, MuonOptions{.weight_decay = config.weight_decay});
}

void Optimizer::step(double lr) {
  if (adamw_) adamw_->step(lr);
  if (lion_) lion_->step(lr);
  if (muon_) muon_->step(lr);
}

std::vector<std::pair<std::string, NamedParams*>> Optimizer::state() {
  std::vector<std::pair<std::string, NamedParams*>> state;
  if (adamw_)
    state.insert(state.end(), {{"adam_m.", &adamw_->first_moments()}, {"adam_v.", &adamw_->second_moments()}});
  if (lion_) state.emplace_back("lion.", &lion_->moments());
  if (muon_) state.emplace_back("muon.", &muon_->momenta());
  return state;
}

void Optimizer::set_steps(int64_t steps) {
  if (adamw_) adamw_->set_steps(steps);
}

}  // namespace daclip
