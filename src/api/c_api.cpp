#include <new>
#include <optional>
#include <string>

#include "api/c_image.h"
#include "core/error.h"
#include "daclip/classifier.h"
#include "daclip/daclip.h"
#include "daclip/restorer.h"
#include "daclip/version.h"

struct daclip_model {
  std::optional<daclip::Model> model;
  std::string error;
};

struct daclip_session {
  std::optional<daclip::Model> model;
  int threads = 0;
  std::optional<daclip::Restorer> restorer;      // created on first use
  std::optional<daclip::Classifier> classifier;  // created on first use
  daclip::Recognition recognition;               // of the last call; owns the label strings returned to the caller
  std::string degradation;
  std::string error;
};

namespace daclip {
namespace {

daclip_status status_of(const Error& error) {
  if (dynamic_cast<const IoError*>(&error)) return DACLIP_IO;
  if (dynamic_cast<const FormatError*>(&error)) return DACLIP_FORMAT;
  if (dynamic_cast<const WeightsError*>(&error)) return DACLIP_WEIGHTS;
  if (dynamic_cast<const LimitError*>(&error)) return DACLIP_LIMIT;
  if (dynamic_cast<const DeviceError*>(&error)) return DACLIP_DEVICE;
  if (dynamic_cast<const ShapeError*>(&error)) return DACLIP_SHAPE;
  if (dynamic_cast<const UsageError*>(&error)) return DACLIP_USAGE;
  if (dynamic_cast<const Cancelled*>(&error)) return DACLIP_CANCELLED;
  return DACLIP_INTERNAL;
}

// Runs `work` and converts its exceptions to a status and the handle's message.
template <class Handle, class Work>
daclip_status guarded(Handle* handle, const Work& work) {
  if (!handle) return DACLIP_USAGE;
  try {
    handle->error.clear();
    try {
      work();
      return DACLIP_OK;
    } catch (const Error& error) {
      handle->error = error.what();
      return status_of(error);
    } catch (const std::bad_alloc&) {
      handle->error = "not enough memory";
      return DACLIP_OUT_OF_MEMORY;
    } catch (const std::exception& error) {
      handle->error = error.what();
      return DACLIP_INTERNAL;
    }
  } catch (...) {  // no memory for the message
    return DACLIP_OUT_OF_MEMORY;
  }
}

const char* text_or_empty(const char* text) { return text ? text : ""; }

void require(const void* pointer, const char* name) {
  if (!pointer) throw UsageError(cat(name, " is NULL"));
}

ModelOptions model_options(const daclip_model_options* options) {
  ModelOptions result;
  if (!options) return result;
  if (options->device) result.device = options->device;
  switch (options->precision) {
    case DACLIP_PRECISION_AUTO: result.precision = Precision::automatic; break;
    case DACLIP_PRECISION_F32: result.precision = Precision::f32; break;
    case DACLIP_PRECISION_BF16: result.precision = Precision::bf16; break;
    default: throw UsageError(cat("precision ", int(options->precision), ": expected 0 to 2"));
  }
  result.text_tower = options->text_tower != 0;
  return result;
}

const Model& open_model(const daclip_session& session) {
  if (!session.model) throw UsageError("the session is not open: call daclip_session_open first");
  return *session.model;
}

Restorer& restorer_of(daclip_session& session) {
  if (!session.restorer) session.restorer.emplace(open_model(session), session.threads);
  return *session.restorer;
}

Classifier& classifier_of(daclip_session& session) {
  if (!session.classifier) session.classifier.emplace(open_model(session), session.threads);
  return *session.classifier;
}

RestoreOptions restore_options(const daclip_restore_options& options, const Model& model, Restorer& restorer) {
  RestoreOptions result;
  result.degradation = text_or_empty(options.degradation);
  using Source = EmbeddingChoice::Source;
  if (options.prompt && model.understands_instructions())
    result.instruction = restorer.understand(options.prompt);
  else if (options.prompt)
    result.conditioning.degradation = {Source::words, restorer.embed_text(options.prompt)};
  if (options.caption) result.conditioning.content = {Source::words, restorer.embed_text(options.caption)};
  if (options.mask) result.mask = Mask::from_image(from_c(*options.mask, "mask"));
  result.strength = options.strength;
  result.views = options.views;
  result.tile = options.tile;
  result.memory_bytes = options.memory_bytes;
  result.sampler.sampler = text_or_empty(options.sampler);
  result.sampler.steps = options.steps;
  if (options.seed != 0) result.sampler.seed = options.seed;
  return result;
}

Progress progress_of(const daclip_restore_options& options) {
  if (!options.progress) return {};
  return [&options](double fraction) { return options.progress(fraction, options.user) == 0; };
}

void check_result(const daclip_image& photo, const daclip_image& result) {
  if (result.width != photo.width || result.height != photo.height || result.channels != photo.channels ||
      result.type != photo.type)
    throw ShapeError("result: expected the photo's size, channels and type");
}

daclip_restore_info info_of(const daclip_session& session, const RestoreResult& restored) {
  const std::vector<Prediction>& predictions = session.recognition.predictions;
  daclip_restore_info info{};
  info.degradation = session.degradation.c_str();
  info.probability = predictions.empty() ? 0 : predictions.front().probability;
  info.unsure = restored.unsure;
  info.untouched = restored.untouched;
  info.tiles = restored.tiles;
  info.evaluations = restored.evaluations;
  return info;
}

}  // namespace
}  // namespace daclip

using daclip::guarded;

const char* daclip_version(void) { return DACLIP_VERSION; }

const char* daclip_status_name(daclip_status status) {
  static constexpr const char* kNames[] = {"ok",    "io",    "format",    "weights",       "limit",   "device",
                                           "shape", "usage", "cancelled", "out of memory", "internal"};
  return status >= DACLIP_OK && status <= DACLIP_INTERNAL ? kNames[status] : "unknown";
}

void daclip_model_options_init(daclip_model_options* options) {
  if (options) *options = {"cpu", DACLIP_PRECISION_AUTO, 0};
}

daclip_model* daclip_model_new(void) { return new (std::nothrow) daclip_model; }

daclip_status daclip_model_load(daclip_model* model, const char* name, const daclip_model_options* options) {
  return guarded(model, [&] {
    daclip::require(name, "name");
    model->model = daclip::Model::load(name, daclip::model_options(options));
  });
}

daclip_status daclip_model_load_bytes(daclip_model* model, const void* bytes, size_t size,
                                      const daclip_model_options* options) {
  return guarded(model, [&] {
    daclip::require(bytes, "bytes");
    const auto* begin = static_cast<const uint8_t*>(bytes);
    model->model = daclip::Model::from_bytes({begin, begin + size}, daclip::model_options(options));
  });
}

const char* daclip_model_error(const daclip_model* model) { return model ? model->error.c_str() : "model is NULL"; }

const char* daclip_model_name(const daclip_model* model) {
  return model && model->model ? model->model->name().c_str() : "";
}

size_t daclip_model_label_count(const daclip_model* model) {
  return model && model->model ? model->model->labels().size() : 0;
}

const char* daclip_model_label(const daclip_model* model, size_t index) {
  return index < daclip_model_label_count(model) ? model->model->labels()[index].c_str() : nullptr;
}

void daclip_model_free(daclip_model* model) { delete model; }

daclip_session* daclip_session_new(void) { return new (std::nothrow) daclip_session; }

daclip_status daclip_session_open(daclip_session* session, const daclip_model* model, int threads) {
  return guarded(session, [&] {
    if (!model || !model->model) throw daclip::UsageError("the model is not loaded");
    if (threads < 0) throw daclip::UsageError(daclip::cat("threads ", threads, ": expected 0 or more"));
    session->restorer.reset();
    session->classifier.reset();
    session->model = model->model;
    session->threads = threads;
  });
}

const char* daclip_session_error(const daclip_session* session) {
  return session ? session->error.c_str() : "session is NULL";
}

void daclip_session_free(daclip_session* session) { delete session; }

daclip_status daclip_classify(daclip_session* session, const daclip_image* photo, daclip_prediction* predictions,
                              size_t capacity, size_t* count, int* unsure) {
  return guarded(session, [&] {
    daclip::require(photo, "photo");
    if (capacity > 0) daclip::require(predictions, "predictions");
    session->recognition = daclip::classifier_of(*session).classify(daclip::from_c(*photo, "photo"));
    const std::vector<daclip::Prediction>& all = session->recognition.predictions;
    for (size_t i = 0; i < std::min(capacity, all.size()); ++i)
      predictions[i] = {all[i].label.c_str(), all[i].probability};
    if (count) *count = all.size();
    if (unsure) *unsure = session->recognition.unsure;
  });
}

void daclip_restore_options_init(daclip_restore_options* options) {
  if (!options) return;
  *options = {};
  options->strength = 1;
  options->views = 1;
}

daclip_status daclip_restore(daclip_session* session, const daclip_image* photo, daclip_image* result,
                             const daclip_restore_options* options, daclip_restore_info* info) {
  return guarded(session, [&] {
    daclip::require(photo, "photo");
    daclip::require(result, "result");
    daclip_restore_options defaults;
    daclip_restore_options_init(&defaults);
    const daclip_restore_options& chosen = options ? *options : defaults;
    daclip::Restorer& restorer = daclip::restorer_of(*session);
    const daclip::Image input = daclip::from_c(*photo, "photo");
    daclip::check_result(*photo, *result);
    daclip::RestoreResult restored = restorer.restore(
        input, daclip::restore_options(chosen, daclip::open_model(*session), restorer), daclip::progress_of(chosen));
    daclip::to_c(restored.image, *result);
    session->recognition = std::move(restored.recognition);
    session->degradation = std::move(restored.degradation);
    if (info) *info = daclip::info_of(*session, restored);
  });
}
