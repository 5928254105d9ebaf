#include "daclip/classifier.h"

#include "api/model_state.h"
#include "image/seen.h"
#include "pipeline/length.h"
#include "pipeline/recogniser.h"
#include "pipeline/words.h"

namespace daclip {

struct Classifier::Session {
  Session(const Model& model, int threads)
      : state(model.state()), backend(session_backend(*state, threads)), model(state->model),
        recogniser(*backend, this->model) {}

  std::shared_ptr<const ModelState> state;
  std::unique_ptr<Backend> backend;
  LoadedModel model;  // shares the weights; its labels may be replaced
  Recogniser recogniser;
};

Classifier::Classifier(const Model& model, int threads) : session_(std::make_unique<Session>(model, threads)) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

Recognition Classifier::classify(const Image& photo) {
  validate(photo, "classify");
  return session_->recogniser.recognise(SeenPhoto(photo).image());
}

void Classifier::set_labels(const std::vector<std::string>& texts) {
  if (texts.empty()) throw UsageError("labels: expected at least one text");
  const TextEncoder encoder(*session_->backend, session_->model);
  std::vector<float> labels;
  for (const std::string& text : texts) {
    const std::vector<float> embedding = unit_length(encoder.embed(text));
    labels.insert(labels.end(), embedding.begin(), embedding.end());
  }
  session_->model.label_embeddings = std::move(labels);
  session_->model.config.labels = texts;
  session_->model.config.label_bias.clear();  // both belong to the replaced labels
  session_->model.config.damage.reset();
}

}  // namespace daclip
