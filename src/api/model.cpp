#include "api/model_state.h"
#include "backend/make_backend.h"

namespace daclip {
namespace {

std::shared_ptr<const ModelState> load_state(const ModelFile& file, const ModelOptions& options) {
  auto state = std::make_shared<ModelState>();
  state->options = options;
  state->loader = make_backend({options.device, 0, options.precision});
  state->options.precision = state->loader->compute_dtype() == DType::bf16 ? Precision::bf16 : Precision::f32;
  state->model = load_model(*state->loader, file, options.text_tower);
  return state;
}

}  // namespace

std::unique_ptr<Backend> session_backend(const ModelState& state, int threads) {
  if (threads == 0) {
    const std::lock_guard lock(state.mutex);
    if (state.loader) return std::move(state.loader);
  }
  return make_backend({state.options.device, threads, state.options.precision});
}

Model Model::load(const std::string& model, const ModelOptions& options) {
  return Model(load_state(read_model_file(find_model(model)), options));
}

Model Model::from_bytes(std::vector<uint8_t> bytes, const ModelOptions& options, const std::string& name) {
  return Model(load_state(read_model_bytes(std::move(bytes), name), options));
}

const std::string& Model::name() const { return state_->model.config.name; }
const std::vector<std::string>& Model::labels() const { return state_->model.config.labels; }
bool Model::recognises() const { return state_->model.config.clip.has_value(); }
bool Model::finds_several() const { return state_->model.config.damage.has_value(); }
bool Model::restores() const { return state_->model.config.restorer != nullptr; }
bool Model::reads_words() const { return !state_->model.merges.empty(); }
bool Model::understands_instructions() const { return state_->model.config.instruction.has_value(); }
bool Model::takes_content() const { return restores() && state_->model.config.restorer->context_dims().content > 0; }
bool Model::takes_degradation() const {
  return restores() && state_->model.config.restorer->context_dims().degradation > 0;
}
Precision Model::precision() const { return state_->options.precision; }
const std::string& Model::device() const { return state_->options.device; }

}  // namespace daclip
