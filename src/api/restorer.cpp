#include "daclip/restorer.h"

#include <algorithm>

#include "api/model_state.h"
#include "image/metadata.h"
#include "image/seen.h"
#include "pipeline/instruction.h"
#include "pipeline/restore_pipeline.h"
#include "pipeline/words.h"

namespace daclip {

struct Restorer::Session {
  Session(const Model& model, int threads)
      : state(model.state()), backend(session_backend(*state, threads)), pipeline(*backend, state->model) {}

  std::shared_ptr<const ModelState> state;
  std::unique_ptr<Backend> backend;
  RestorePipeline pipeline;
};

namespace {

// Whether the network invented what it shows: where holes were painted.
bool painted(const RestoreResult& result, const RestoreOptions& options) {
  return options.mask || std::ranges::any_of(result.repairs, [](const std::vector<std::string>& labels) {
           return std::ranges::find(labels, "uncompleted") != labels.end();
         });
}

RestoreResult marked(RestoreResult result, const RestoreOptions& options) {
  if (!result.untouched && options.strength > 0) mark_digital_source(result.image.metadata, painted(result, options));
  return result;
}

}  // namespace

Restorer::Restorer(const Model& model, int threads) : session_(std::make_unique<Session>(model, threads)) {}
Restorer::~Restorer() = default;
Restorer::Restorer(Restorer&&) noexcept = default;
Restorer& Restorer::operator=(Restorer&&) noexcept = default;

RestoreResult Restorer::restore(const Image& photo, const RestoreOptions& options, const Progress& progress) {
  validate(photo, "restore");
  const SeenPhoto seen(photo);
  std::function<void(double)> report;
  if (progress)
    report = [&](double fraction) {
      if (!progress(fraction)) throw Cancelled("restoring was cancelled");
    };
  RestoreResult result = session_->pipeline.restore(seen.image(), options, report);
  result.image = result.untouched ? photo : seen.own(std::move(result.image));
  return marked(std::move(result), options);
}

void Restorer::check(const RestoreOptions& options) const { session_->pipeline.check(options); }

Instruction Restorer::understand(std::string_view text) {
  return InstructionReader(*session_->backend, session_->state->model).read(text);
}

std::vector<float> Restorer::embed_text(std::string_view text) {
  return TextEncoder(*session_->backend, session_->state->model).embed(text);
}

std::vector<float> Restorer::embed_clean_image(const Image& image) {
  validate(image, "embed_clean_image");
  return Recogniser(*session_->backend, session_->state->model).clean_content(SeenPhoto(image).image());
}

}  // namespace daclip
