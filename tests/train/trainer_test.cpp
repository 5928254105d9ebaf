// The training loop: resumed runs equal uninterrupted ones, for every stage; interruption; export of what was trained.
#include "train/trainer.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "data/photos.h"
#include "model/model_config.h"
#include "nets/nafnet.h"
#include "train/checkpoint.h"
#include "train/export.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

class Training : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::path(testing::TempDir()) / ("daclip_training_test." + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    PackWriter writer(folder_ / "photos.pack");
    for (int i = 0; i < 240; ++i) {
      PackPhoto photo = made_photo("photo" + std::to_string(i), 48, 40, uint64_t(i));
      if (i % 2 == 0) photo.captions = {"wave number " + std::to_string(i), "a wave"};
      writer.add(photo);
    }
    writer.finish();
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static std::shared_ptr<const RestorationNetwork> tiny_network(int width) {
    return make_nafnet({.width = width,
                        .encoder_blocks = {1},
                        .middle_blocks = 1,
                        .decoder_blocks = {1},
                        .unshuffle = 2,
                        .degradation_dim = 16,
                        .prompt_dim = 64,
                        .content_dim = 16,
                        .attention_heads = 1,
                        .attention_head_dim = 8});
  }

  static TrainConfig tiny(const std::string& out) {
    TrainConfig config;
    config.run.steps = 6;
    config.run.threads = 1;
    config.run.out = (folder_ / out).string();
    config.run.log_interval = 2;
    config.run.validate_interval = 6;
    config.run.checkpoint_interval = 2;
    config.optimizer.warmup = 2;
    config.data.packs = {(folder_ / "photos.pack").string()};
    config.data.batch = 2;
    config.data.crop = 16;
    config.data.validation_photos = 1;
    config.sampler.slots = 2;
    config.sampler.hold = 2;
    config.restorer = tiny_network(8);
    config.clip.embedding = 16;
    config.clip.vision = {32, 8, 16, 2, 2};
    config.clip.control_stem = {4, 6};
    config.clip.text = {8, 100, 16, 1, 2};
    config.preprocess = {PreprocessConfig::Kind::mosaic, 32, 16, 16};
    config.damage = {32, 32, 1, 4, 8, kDegradationCount};
    config.init.clip = (folder_ / "clip" / "latest.safetensors").string();
    return config;
  }

  using MakeStage = std::unique_ptr<Stage> (*)(const TrainConfig&);

  static std::vector<double> losses(MakeStage make, const TrainConfig& config, int64_t stop_after, bool resume) {
    std::vector<double> found;
    TrainerOptions options;
    options.progress = false;
    options.stop_after = stop_after;
    options.resume = resume;
    options.on_step = [&](int64_t, double loss) { found.push_back(loss); };
    const auto stage = make(config);
    train(*stage, config, options);
    return found;
  }

  static void expect_exact_resume(MakeStage make, const TrainConfig& config) {
    TrainConfig parts = config;
    parts.run.out += "-parts";
    const std::vector<double> whole = losses(make, config, 0, false);
    std::vector<double> joined = losses(make, parts, 3, false);
    const std::vector<double> rest = losses(make, parts, 0, true);
    joined.insert(joined.end(), rest.begin(), rest.end());
    ASSERT_EQ(whole.size(), 6u);
    EXPECT_EQ(joined, whole);
  }

  static fs::path first_controller();
  static fs::path first_model();

  static inline fs::path folder_;
};

TEST_F(Training, all_stages_resume_exactly_and_their_results_become_a_model) {
  expect_exact_resume(make_clip_stage, tiny("clip"));
  expect_exact_resume(make_controller_stage, tiny("controller"));
  expect_exact_resume(make_restorer_stage, tiny("blind"));
  TrainConfig steered = tiny("steered");
  steered.init.daclip = (folder_ / "controller" / "latest.safetensors").string();
  steered.init.restorer = (folder_ / "blind" / "latest.safetensors").string();
  steered.loss.label_share = 0.5;
  steered.optimizer.kind = "muon";
  expect_exact_resume(make_restorer_stage, steered);

  for (const char* restorer : {"blind", "steered"}) {
    ExportOptions options;
    options.daclip = folder_ / "controller" / "latest.safetensors";
    options.restorer = folder_ / restorer / "latest.safetensors";
    const NamedArrays model = export_model(options);
    const ModelConfig config = model_config_from_json(model.metadata);
    EXPECT_EQ(config.clip->vision.width, 16);
    EXPECT_EQ(config.restorer->context_dims().degradation, std::string(restorer) == "blind" ? 0 : 16);
    EXPECT_EQ(model.at("labels").shape, (std::vector<int64_t>{int64_t(kLabels.size()), 16}));
    for (const WeightSpec& spec : config.restorer->weights())
      EXPECT_TRUE(model.has("restorer." + spec.name)) << spec.name;
    for (const auto& [name, array] : model.arrays) EXPECT_EQ(array.type, ArrayType::f16) << name;
  }
  // A model file may give its restorer again.
  ExportOptions again;
  again.daclip = folder_ / "controller" / "latest.safetensors";
  again.restorer = folder_ / "steered" / "latest.safetensors";
  const NamedArrays model = export_model(again);
  write_safetensors(folder_ / "steered.safetensors", model);
  again.restorer = folder_ / "steered.safetensors";
  const NamedArrays copy = export_model(again);
  EXPECT_EQ(copy.metadata, model.metadata);
  for (const auto& [name, array] : model.arrays) EXPECT_EQ(copy.at(name).to_floats(), array.to_floats()) << name;
  ExportOptions swapped;
  swapped.daclip = folder_ / "blind" / "latest.safetensors";
  EXPECT_THROW(export_model(swapped), UsageError);
}

TEST_F(Training, a_damage_network_resumes_exactly_on_mixtures_and_goes_into_the_model_with_its_biases) {
  TrainConfig config = tiny("damage");
  config.sampler.mixed_share = config.sampler.grey_share = config.sampler.page_share = 0.5;
  expect_exact_resume(make_damage_stage, config);
  ExportOptions options;
  options.daclip = first_model();
  options.damage = folder_ / "damage" / "latest.safetensors";
  const NamedArrays plain = export_model(options);
  EXPECT_EQ(model_config_from_json(plain.metadata).damage->tile, 32);
  options.damage_bias = {{"noisy", 0.5}};
  const NamedArrays biased = export_model(options);
  const auto log_odds = [](const NamedArrays& model, std::string_view label) {
    return model.at("damage.head.1.bias").to_floats()[size_t(label_index(label))];
  };
  EXPECT_NEAR(log_odds(biased, "noisy"), log_odds(plain, "noisy") + 0.5, 1e-3);
  EXPECT_EQ(log_odds(biased, "rainy"), log_odds(plain, "rainy"));
  options.damage_bias = {{"clean", 1}};
  EXPECT_THROW(export_model(options), UsageError);
}

TEST_F(Training, an_instruction_network_resumes_exactly_and_goes_into_the_model_with_its_words) {
  TrainConfig config = tiny("instruction");
  config.instruction.text = {16, 2, 16, 1, 2};
  config.data.instructions = (folder_ / "instructions.tsv").string();
  write_text(config.data.instructions, "remove the rain\trainy\t-\t0\nrestore it\t-\t-\t1\n");
  expect_exact_resume(make_instruction_stage, config);
  ExportOptions options;
  options.daclip = first_model();
  options.instruction = folder_ / "instruction" / "latest.safetensors";
  const ModelConfig model = model_config_from_json(export_model(options).metadata);
  EXPECT_EQ(int(model.words.size()) + 4, model.instruction->text.vocab);
  EXPECT_NE(std::ranges::find(model.words, "shadows"), model.words.end());
}

TEST_F(Training, a_damage_network_starts_from_the_published_weights_of_squeezenet) {
  const char* folder = "../shared/weights-eval";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder;
  TrainConfig config = tiny("pretrained");
  config.init.damage = folder;
  const auto random = make_damage_stage(tiny("random")), pretrained = make_damage_stage(config);
  const auto view = [](Stage& stage) {
    for (const NamedParam& param : stage.params())
      if (param.name == "view.features.12.expand3x3.weight") return param.value.detach().clone();
    throw Error("no such weight");
  };
  EXPECT_FALSE(view(*random).equal(view(*pretrained)));
}

TEST_F(Training, every_optimiser_resumes_exactly) {
  for (const char* kind : {"adam", "lion"}) {
    TrainConfig config = tiny(kind);
    config.optimizer.kind = kind;
    config.optimizer.weight_decay = 0.1;
    expect_exact_resume(make_restorer_stage, config);
  }
}

TEST_F(Training, optimisers_and_losses_train_differently) {
  std::set<double> last;
  const auto run = [&](const std::string& name, const auto& change) {
    TrainConfig config = tiny(name);
    config.optimizer.lr = 1e-2;
    config.optimizer.weight_decay = 0.5;
    change(config);
    last.insert(losses(make_restorer_stage, config, 3, false).back());
  };
  for (const char* kind : {"adamw", "adam", "lion", "muon"})
    run(std::string("with-") + kind, [&](TrainConfig& config) { config.optimizer.kind = kind; });
  for (const char* loss : {"l2", "charbonnier", "psnr"})
    run(std::string("with-") + loss, [&](TrainConfig& config) { config.loss.restorer = loss; });
  EXPECT_EQ(last.size(), 7u);
}

// The lines of a run's log that hold `key`.
std::vector<nlohmann::json> log_entries(const fs::path& folder, const std::string& key) {
  std::ifstream file(folder / "log.jsonl");
  std::vector<nlohmann::json> entries;
  for (std::string line; std::getline(file, line);)
    if (nlohmann::json entry = nlohmann::json::parse(line); entry.contains(key)) entries.push_back(std::move(entry));
  return entries;
}

TEST_F(Training, the_learning_rate_follows_the_schedule_of_the_configuration) {
  TrainConfig config = tiny("schedule");
  config.run.log_interval = 1;
  config.optimizer.schedule = "multi_step_restart";
  config.optimizer.milestones = {2, 3};
  config.optimizer.restarts = {4};
  config.optimizer.restart_weights = {0.25};
  losses(make_restorer_stage, config, 0, false);
  std::vector<double> rates;
  for (const nlohmann::json& entry : log_entries(folder_ / "schedule", "lr")) rates.push_back(entry["lr"]);
  const double lr = config.optimizer.lr;
  EXPECT_EQ(rates, (std::vector<double>{lr, lr, lr / 2, lr / 4, lr / 4, lr / 4}));
}

TEST_F(Training, a_resumed_run_says_what_it_changes) {
  TrainConfig config = tiny("changed");
  losses(make_restorer_stage, config, 1, false);
  config.run.steps = 2;
  config.optimizer.lr = 5e-4;
  TrainerOptions options;
  options.resume = true;
  testing::internal::CaptureStderr();
  train(*make_restorer_stage(config), config, options);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("optimizer.lr: 0.001 in the checkpoint, 0.0005 now\nrun.steps: 6 in the checkpoint, 2 now\n"), 0u)
      << text;
}

TEST_F(Training, a_resumed_run_cannot_change_what_is_trained) {
  const TrainConfig config = tiny("fixed");
  losses(make_restorer_stage, config, 1, false);
  const auto refusal = [&](const auto& change) {
    TrainConfig changed = config;
    change(changed);
    try {
      losses(make_restorer_stage, changed, 2, true);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal([](TrainConfig& c) { c.restorer = tiny_network(16); }),
            "restorer.width: 8 in the checkpoint, 16 now: a resumed run cannot change it");
  EXPECT_EQ(refusal([](TrainConfig& c) { c.optimizer.kind = "lion"; }),
            "optimizer.kind: \"adamw\" in the checkpoint, \"lion\" now: a resumed run cannot change it");
  EXPECT_THROW(losses(make_clip_stage, config, 2, true), UsageError);
}

TEST_F(Training, an_interrupted_run_finishes_its_step_and_saves) {
  const TrainConfig config = tiny("interrupted");
  std::atomic<bool> interrupt = false;
  TrainerOptions options;
  options.progress = false;
  options.interrupt = &interrupt;
  options.on_step = [&](int64_t step, double) { interrupt = step == 3; };
  const TrainerResult result = train(*make_restorer_stage(config), config, options);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.step, 3);
  EXPECT_EQ(read_checkpoint(folder_ / "interrupted" / "latest.safetensors", "restorer").step, 3);
  EXPECT_EQ(read_checkpoint(folder_ / "interrupted" / "previous.safetensors").step, 2);
}

TEST_F(Training, does_not_overwrite_a_run_and_does_not_resume_nothing) {
  const TrainConfig config = tiny("twice");
  losses(make_restorer_stage, config, 1, false);
  EXPECT_THROW(losses(make_restorer_stage, config, 2, false), UsageError);
  EXPECT_THROW(losses(make_restorer_stage, tiny("nothing"), 2, true), UsageError);
}

TEST_F(Training, logs_losses_and_validations_as_json_lines) {
  const TrainConfig config = tiny("logged");
  losses(make_restorer_stage, config, 0, false);
  const std::vector<nlohmann::json> validations = log_entries(folder_ / "logged", "validation");
  EXPECT_EQ(log_entries(folder_ / "logged", "loss").size(), 3u);
  ASSERT_EQ(validations.size(), 1u);
  for (std::string_view label : kLabels)
    EXPECT_TRUE(validations[0]["validation"].contains(std::string(label))) << label;
}

// A controller after one step, and the CLIP below it.
fs::path Training::first_controller() {
  const fs::path checkpoint = folder_ / "first-controller" / "latest.safetensors";
  if (fs::exists(checkpoint)) return checkpoint;
  losses(make_clip_stage, tiny("first-clip"), 1, false);
  TrainConfig control = tiny("first-controller");
  control.init.clip = (folder_ / "first-clip" / "latest.safetensors").string();
  losses(make_controller_stage, control, 1, false);
  return checkpoint;
}

fs::path Training::first_model() {
  ExportOptions options;
  options.daclip = first_controller();
  write_safetensors(folder_ / "model.safetensors", export_model(options));
  return folder_ / "model.safetensors";
}

TEST_F(Training, continues_from_the_daclip_of_a_model_file) {
  const std::string checkpoint = first_controller().string(), model = first_model().string();
  // Half precision in the file moves the losses a little.
  TrainConfig from_checkpoint = tiny("on-checkpoint"), from_model = tiny("on-model");
  from_checkpoint.init.clip = (folder_ / "first-clip" / "latest.safetensors").string();
  from_checkpoint.init.controller = checkpoint;
  from_model.init.clip = model;
  const auto controller_loss = [](const TrainConfig& config) {
    nlohmann::json parts;
    make_controller_stage(config)->loss(0, parts);
    return parts["degradation"].get<double>();
  };
  EXPECT_NEAR(controller_loss(from_model), controller_loss(from_checkpoint), 1e-2);

  from_checkpoint.init.daclip = checkpoint;
  from_model.init.daclip = model;
  from_checkpoint.loss.context_dropout = from_model.loss.context_dropout = 0;
  from_checkpoint.optimizer.lr = from_model.optimizer.lr = 1e-2;
  EXPECT_NEAR(losses(make_restorer_stage, from_model, 3, false).back(),
              losses(make_restorer_stage, from_checkpoint, 3, false).back(), 1e-3);
}

TEST_F(Training, a_model_exported_from_a_model_file_has_the_same_daclip) {
  ExportOptions options;
  options.daclip = first_model();
  const NamedArrays again = export_model(options), model = read_safetensors(options.daclip);
  ASSERT_EQ(again.arrays.size(), model.arrays.size());
  for (const auto& [name, array] : model.arrays) EXPECT_EQ(again.at(name).to_floats(), array.to_floats()) << name;
}

TEST_F(Training, a_controller_is_averaged_with_the_one_it_came_from) {
  const fs::path before = first_model();
  TrainConfig more = tiny("more");
  more.init.clip = before.string();
  losses(make_controller_stage, more, 2, false);
  const auto exported = [&](const fs::path& earlier, double share) {
    ExportOptions options;
    options.daclip = folder_ / "more" / "latest.safetensors";
    options.earlier = earlier;
    options.earlier_share = share;
    options.type = ArrayType::f32;
    return export_model(options);
  };
  const NamedArrays old = read_safetensors(before), now = exported("", 0), both = exported(before, 0.25);
  double moved = 0;
  for (const auto& [name, array] : both.arrays) {
    if (!name.starts_with("daclip.visual_control.")) continue;
    const std::vector<float> a = old.at(name).to_floats(), b = now.at(name).to_floats(), mean = array.to_floats();
    for (size_t i = 0; i < mean.size(); ++i) {
      ASSERT_NEAR(mean[i], 0.25f * a[i] + 0.75f * b[i], 1e-6f) << name;
      moved += std::abs(double(a[i]) - double(b[i]));
    }
  }
  EXPECT_GT(moved, 0);

  NamedArrays other = old;
  other.arrays["labels"] =
      make_array(std::vector<float>(kLabels.size() * 16, 0.3f), {int64_t(kLabels.size()), 16}, ArrayType::f32);
  write_safetensors(folder_ / "other.safetensors", other);
  EXPECT_THROW(exported(folder_ / "other.safetensors", 0.5), UsageError);
}

TEST_F(Training, a_stem_of_other_widths_starts_from_random_weights_without_effect) {
  TrainConfig wider = tiny("wider");
  wider.init.clip = first_model().string();
  wider.clip.control_stem = {5, 7, 9};
  const auto stage = make_controller_stage(wider);
  EXPECT_EQ(stage->config().clip.control_stem, (std::vector<int>{5, 7, 9}));
  for (const NamedParam& param : stage->params()) {
    if (param.name == "visual_control.stem.proj.weight") {
      EXPECT_EQ(param.value.abs().max().item<float>(), 0);
    }
  }
}

TEST_F(Training, label_noise_changes_what_a_restorer_is_steered_by) {
  TrainConfig sure = tiny("sure");
  sure.init.daclip = first_controller().string();
  sure.loss.label_share = 1;
  sure.loss.context_dropout = 0;
  TrainConfig unsure = sure;
  unsure.run.out = (folder_ / "unsure").string();
  unsure.loss.label_noise = 1;
  sure.optimizer.lr = unsure.optimizer.lr = 1e-2;
  const std::vector<double> a = losses(make_restorer_stage, sure, 0, false);
  const std::vector<double> b = losses(make_restorer_stage, unsure, 0, false);
  EXPECT_EQ(a.front(), b.front());  // a new prompt module does not look at the label yet
  EXPECT_NE(a.back(), b.back());
}

TEST_F(Training, a_run_by_the_clock_ends_with_the_cosine_and_a_checkpoint) {
  TrainConfig config = tiny("clock");
  config.run.steps = 1;
  config.run.minutes = 0.01;
  config.run.validate_interval = 0;
  const auto stage = make_restorer_stage(config);
  TrainerOptions options;
  options.progress = false;
  const TrainerResult result = train(*stage, config, options);
  EXPECT_FALSE(result.interrupted);
  EXPECT_GT(result.step, 2);
  EXPECT_EQ(read_checkpoint(folder_ / "clock" / "latest.safetensors").step, result.step);
  EXPECT_LT(log_entries(folder_ / "clock", "lr").back()["lr"].get<double>(), 0.1 * config.optimizer.lr);
}

TEST_F(Training, tf32_is_for_devices) {
  TrainConfig config = tiny("tf32");
  config.run.precision = "tf32";
  EXPECT_THROW(make_restorer_stage(config), UsageError);
}

TEST_F(Training, in_bfloat16_the_losses_are_nearly_those_of_float32) {
  for (const MakeStage make : {make_damage_stage, make_restorer_stage}) {
    TrainConfig config = tiny(make == make_damage_stage ? "damage-f32" : "restorer-f32");
    config.run.steps = 2;
    const std::vector<double> exact = losses(make, config, 0, false);
    config.run.out += "-bf16";
    config.run.precision = "bf16";
    const std::vector<double> rounded = losses(make, config, 0, false);
    for (size_t step = 0; step < exact.size(); ++step)
      EXPECT_NEAR(rounded[step], exact[step], 0.03 * std::abs(exact[step])) << step;
  }
}

TEST_F(Training, crops_that_the_network_would_have_to_pad_are_refused) {
  TrainConfig config = tiny("padded");
  config.data.crop = 15;
  EXPECT_THROW(make_restorer_stage(config), UsageError);
}

TEST_F(Training, a_steered_restorer_starts_as_the_blind_one) {
  const TrainConfig blind = tiny("from");
  losses(make_restorer_stage, blind, 2, false);
  TrainConfig steered = tiny("to");
  steered.init.daclip = first_controller().string();
  steered.init.restorer = (folder_ / "from" / "latest.safetensors").string();
  TrainConfig go_on = tiny("go-on");
  go_on.init.restorer = steered.init.restorer;
  const double a = losses(make_restorer_stage, steered, 1, false).front();
  const double b = losses(make_restorer_stage, go_on, 1, false).front();
  EXPECT_NEAR(a, b, 1e-6);
}

}  // namespace
}  // namespace daclip
