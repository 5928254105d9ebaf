#include "train/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "model/network_fields.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

fs::path written(const std::string& text) {
  const fs::path path =
      fs::path(testing::TempDir()) /
      (std::string("daclip_") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".toml");
  std::ofstream(path) << text;
  return path;
}

std::string refusal(const std::string& text) {
  try {
    read_train_config(written(text));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(TrainConfig, takes_what_the_file_says_and_defaults_for_the_rest) {
  const TrainConfig config = read_train_config(written(
      "[run]\nsteps = 7\n[optimizer]\nlr = 1\n[data]\npacks = [\"a\", \"b\"]\nbatch = 3\n[weights]\nnoisy = 2.5\n"
      "[restorer]\nencoder_blocks = [1, 2]\ndecoder_blocks = [2, 1]\n"));
  EXPECT_EQ(config.run.steps, 7);
  EXPECT_EQ(config.optimizer.lr, 1.0);
  EXPECT_EQ(config.data.packs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.sampler.slots, 3);
  EXPECT_EQ(config.sampler.weights[size_t(label_index("noisy"))], 2.5);
  EXPECT_EQ(test::fields_of(*config.restorer)["restorer"]["encoder_blocks"], (std::vector<int>{1, 2}));
  EXPECT_EQ(config.data.crop, TrainConfig().data.crop);
}

TEST(TrainConfig, the_network_is_chosen_by_name_and_brings_its_own_keys) {
  const TrainConfig config = read_train_config(
      written("[restorer]\nnetwork = \"unet\"\nwidth = 32\nmultipliers = [1, 2]\n[sde]\nsteps = 20\n"));
  const auto fields = test::fields_of(*config.restorer);
  EXPECT_EQ(config.restorer->type().name, "unet");
  EXPECT_EQ(fields["restorer"]["multipliers"], (std::vector<int>{1, 2}));
  EXPECT_EQ(fields["sde"]["steps"], 20);
  EXPECT_EQ(test::fields_of(*train_config_from_json(to_json(config)).restorer), fields);
  EXPECT_NE(refusal("[restorer]\nmultipliers = [1, 2]\n").find("restorer.multipliers: unknown key"), std::string::npos);
}

TEST(TrainConfig, gives_a_label_its_own_share_of_the_papers_severity) {
  const TrainConfig config = read_train_config(written("[data]\npaper_share = 0.7\n[paper_share]\nrainy = 0.4\n"));
  EXPECT_EQ(config.sampler.paper_share[size_t(label_index("rainy"))], 0.4);
  EXPECT_EQ(config.sampler.paper_share[size_t(label_index("snowy"))], 0.7);
  const TrainConfig again = train_config_from_json(to_json(config));
  EXPECT_EQ(again.sampler.paper_share, config.sampler.paper_share);
}

TEST(TrainConfig, names_unknown_keys_and_wrong_types) {
  EXPECT_NE(refusal("[run]\nstepz = 7\n").find("run.stepz: unknown key"), std::string::npos);
  EXPECT_NE(refusal("[runs]\nsteps = 7\n").find("runs.steps: unknown key"), std::string::npos);
  EXPECT_NE(refusal("steps = 7\n").find("steps: unknown key"), std::string::npos);
  EXPECT_NE(refusal("run = 7\n").find("run: 7: expected a table"), std::string::npos);
  EXPECT_NE(refusal("[run]\nsteps = \"7\"\n").find("run.steps: \"7\": expected a whole number"), std::string::npos);
  EXPECT_NE(refusal("[run]\nsteps = 7.5\n").find("run.steps: 7.5: expected a whole number"), std::string::npos);
  EXPECT_NE(refusal("[run]\nthreads = 3000000000\n").find("run.threads: 3000000000: expected"), std::string::npos);
  EXPECT_NE(refusal("[optimizer]\nlr = true\n").find("optimizer.lr: true: expected a number"), std::string::npos);
  EXPECT_NE(refusal("[data]\npacks = \"a\"\n").find("data.packs: \"a\": expected a list"), std::string::npos);
}

struct Refusal {
  const char *section, *entry, *message;
};

constexpr Refusal kRefusals[] = {
    {"run", "seed = -1", "run.seed: -1: expected at least 0"},
    {"run", "steps = -3", "run.steps: -3: expected at least 1"},
    {"run", "minutes = -1.0", "run.minutes: -1: expected at least 0"},
    {"run", "minutes = inf", "run.minutes: inf: expected a finite number"},
    {"run", "threads = -2", "run.threads: -2: expected at least 0"},
    {"run", "loader_threads = 0", "run.loader_threads: 0: expected at least 1"},
    {"run", "device = \"tpu\"", "run.device: \"tpu\": expected one of cpu, cuda"},
    {"run", "precision = \"f64\"", "run.precision: \"f64\": expected one of f32, tf32, bf16"},
    {"run", "log_interval = 0", "run.log_interval: 0: expected at least 1"},
    {"run", "validate_interval = -1", "run.validate_interval: -1: expected at least 0"},
    {"run", "checkpoint_interval = 0", "run.checkpoint_interval: 0: expected at least 1"},
    {"optimizer", "kind = \"sgd\"", "optimizer.kind: \"sgd\": expected one of adamw, adam, lion, muon"},
    {"optimizer", "lr = 0", "optimizer.lr: 0: expected above 0"},
    {"optimizer", "lr_end = -1e-6", "optimizer.lr_end: -1e-06: expected at least 0"},
    {"optimizer", "beta1 = 1.5", "optimizer.beta1: 1.5: expected at least 0 and below 1"},
    {"optimizer", "beta2 = 1.0", "optimizer.beta2: 1: expected at least 0 and below 1"},
    {"optimizer", "eps = 0", "optimizer.eps: 0: expected above 0"},
    {"optimizer", "weight_decay = -1", "optimizer.weight_decay: -1: expected at least 0"},
    {"optimizer", "weight_decay = nan", "optimizer.weight_decay: nan: expected a finite number"},
    {"optimizer", "warmup = -1", "optimizer.warmup: -1: expected at least 0"},
    {"optimizer", "clip = -1", "optimizer.clip: -1: expected at least 0"},
    {"optimizer", "ema = 1.0", "optimizer.ema: 1: expected at least 0 and below 1"},
    {"optimizer", "schedule = \"step\"", "optimizer.schedule: \"step\": expected one of warmup_cosine, "},
    {"optimizer", "cooldown = -1", "optimizer.cooldown: -1: expected at least 0"},
    {"optimizer", "cooldown_power = 0.0", "optimizer.cooldown_power: 0: expected above 0"},
    {"optimizer", "periods = [10, 0]", "optimizer.periods: 0: expected at least 1"},
    {"optimizer", "restarts = [20, 10]", "optimizer.restarts: [20,10]: expected ascending steps"},
    {"optimizer", "restart_weights = [0.5]", "optimizer.restart_weights: 1 entries: expected none, or one for each"},
    {"optimizer", "milestones = [0]", "optimizer.milestones: 0: expected at least 1"},
    {"optimizer", "gamma = 1.1", "optimizer.gamma: 1.1: expected above 0 and at most 1"},
    {"optimizer", "schedule = \"cosine_restart\"", "optimizer.periods: 0 entries: expected one more"},
    {"data", "batch = 0", "data.batch: 0: expected at least 1"},
    {"data", "crop = 8", "data.crop: 8: expected at least 16"},
    {"data", "holdout = -1", "data.holdout: -1: expected at least 0"},
    {"data", "validation_photos = -1", "data.validation_photos: -1: expected at least 0"},
    {"data", "paper_share = 2", "data.paper_share: 2: expected 0 to 1"},
    {"data", "degraded_share = -0.5", "data.degraded_share: -0.5: expected 0 to 1"},
    {"data", "region_share = 0", "data.region_share: 0: expected above 0 and at most 1"},
    {"data", "hold = 0", "data.hold: 0: expected at least 1"},
    {"data", "region = -1", "data.region: -1: expected at least 0"},
    {"data", "rescale_min = 0", "data.rescale_min: 0: expected above 0 and at most 4"},
    {"data", "rescale_max = 0.2", "data.rescale_min: 0.5: expected at most data.rescale_max, 0.2"},
    {"data", "found_share = 1.5", "data.found_share: 1.5: expected 0 to 1"},
    {"weights", "noisy = -1", "weights.noisy: -1: expected at least 0"},
    {"paper_share", "rainy = -1", "paper_share.rainy: -1: expected 0 to 1"},
    {"loss", "restorer = \"l3\"", "loss.restorer: \"l3\": expected one of l1, l2, charbonnier, psnr"},
    {"loss", "psnr_ceiling = 200", "loss.psnr_ceiling: 200: expected above 0 and at most 120"},
    {"loss", "charbonnier_eps = 0", "loss.charbonnier_eps: 0: expected above 0"},
    {"loss", "steering = \"words\"", "loss.steering: \"words\": expected one of embedding, labels"},
    {"loss", "context_dropout = 1.1", "loss.context_dropout: 1.1: expected 0 to 1"},
    {"loss", "label_share = -1", "loss.label_share: -1: expected 0 to 1"},
    {"loss", "label_noise = 1.5", "loss.label_noise: 1.5: expected 0 to 1"},
    {"loss", "content_weight = -1", "loss.content_weight: -1: expected at least 0"},
    {"loss", "content_share = 2", "loss.content_share: 2: expected 0 to 1"},
    {"loss", "temperature = 0", "loss.temperature: 0: expected above 0"},
    {"init", "residual_gain = nan", "init.residual_gain: nan: expected a finite number"},
    {"clip", "embedding = 0", "clip.embedding: 0: expected 1 to 16384"},
    {"vision", "patch = 0", "vision.patch: 0: expected 1 to 4096"},
    {"vision", "patch = 7", "vision.image_size: 192: expected a multiple of vision.patch, 7"},
    {"text", "layers = -1", "text.layers: -1: expected 1 to 256"},
    {"preprocess", "tile = -16", "preprocess.tile: -16: expected 0 to 4096"},
    {"damage", "tile = 16", "damage.tile: 16: expected 32 to 1024"},
    {"instruction", "width = 0", "instruction.width: 0: expected 1 to 16384"},
    {"data", "mixed_share = 2", "data.mixed_share: 2: expected 0 to 1"},
    {"restorer", "width = -1", "restorer.width: -1: expected 1 to 4096"},
    {"restorer", "encoder_blocks = [1, -1]", "restorer.encoder_blocks: -1: expected 0 to 1024"},
    {"restorer", "encoder_blocks = [1]", "restorer.encoder_blocks has 1 levels"},
    {"restorer", "network = \"resnet\"",
     "restorer.network: \"resnet\": expected one of airnet, maxim, nafnet, promptir, restormer, unet"},
};

TEST(TrainConfig, refuses_values_out_of_range_with_key_value_and_range) {
  for (const Refusal& r : kRefusals) {
    const std::string found = refusal(cat("[", r.section, "]\n", r.entry, "\n"));
    EXPECT_NE(found.find(cat(".toml: ", r.message)), std::string::npos) << r.entry << " gives " << found;
  }
}

// A key whose rule is missing would accept anything.
TEST(TrainConfig, every_number_and_choice_has_a_rule) {
  TrainConfig config;
  for_each_key(config, [](const Key& key, const auto& value, const auto& rule) {
    using Value = std::decay_t<decltype(value)>;
    constexpr bool text = std::is_same_v<Value, std::string> || std::is_same_v<Value, std::vector<std::string>>;
    constexpr bool ruled = !std::is_same_v<std::decay_t<decltype(rule)>, Anything>;
    EXPECT_TRUE(text || ruled || (std::is_same_v<Value, bool>)) << key.text();
  });
}

TEST(TrainConfig, validates_values_that_came_from_elsewhere_than_a_file) {
  TrainConfig config;
  EXPECT_NO_THROW(validate(config));
  config.run.steps = -3;
  EXPECT_THROW(validate(config), UsageError);
}

TEST(TrainConfig, tells_a_missing_file_from_one_that_is_no_toml) {
  EXPECT_THROW(read_train_config("no/such.toml"), IoError);
  EXPECT_THROW(read_train_config(written("[run\n")), FormatError);
}

TEST(TrainConfig, refuses_a_folder_in_place_of_a_file) { EXPECT_THROW(read_train_config("configs"), UsageError); }

TEST(TrainConfig, survives_the_way_through_a_checkpoint) {
  TrainConfig config;
  config.run.steps = 99;
  config.data.packs = {"x"};
  config.sampler.weights[size_t(label_index("jpeg-compressed"))] = 0.25;
  const std::string json = to_json(config);
  EXPECT_EQ(to_json(train_config_from_json(json)), json);
  EXPECT_THROW(train_config_from_json("{"), FormatError);
}

// As the checkpoints of version 0.1.0 hold it.
constexpr const char* kEarlierConfig = R"({
  "clip": {"control_stem": [], "embedding": 128},
  "data": {"batch": 8, "crop": 128, "degraded_share": 0.5, "focus_share": 0.0, "found_share": 0.0, "grade_share": 0.0,
           "hold": 4, "holdout": 40, "packs": ["a.pack"], "paired_share": 0.3, "paper_share": 0.5, "region": 0,
           "region_share": 0.6, "rescale_max": 1.0, "rescale_min": 0.5, "stored_share": 0.0, "surface_share": 0.0,
           "validation_photos": 10, "wet_share": 0.0},
  "init": {"clip": "", "controller": "", "daclip": "", "residual_gain": 0.0, "restorer": ""},
  "loss": {"content_share": 1.0, "content_weight": 1.0, "context_dropout": 0.1, "label_noise": 0.0, "label_share": 0.0,
           "psnr_ceiling": 80.0, "restorer": "psnr", "steering": "embedding", "temperature": 0.07},
  "optimizer": {"beta1": 0.9, "beta2": 0.99, "clip": 1.0, "ema": 0.999, "eps": 1e-08, "kind": "muon", "lr": 0.001,
                "lr_end": 1e-06, "warmup": 200, "weight_decay": 0.0},
  "paper_share": {"clean": 0.5, "hazy": 0.5, "jpeg-compressed": 0.5, "low-light": 0.5, "motion-blurry": 0.5,
                  "noisy": 0.5, "raindrop": 0.5, "rainy": 0.5, "shadowed": 0.5, "snowy": 0.5, "uncompleted": 0.5},
  "preprocess": {"global": 128, "texture": 64, "tile": 32},
  "restorer": {"attention_head_dim": 32, "attention_heads": 4, "content_dim": 0, "decoder_blocks": [2, 2, 2],
               "degradation_dim": 0, "encoder_blocks": [2, 2, 4], "middle_blocks": 4, "prompt_dim": 64, "unshuffle": 2,
               "width": 32},
  "run": {"checkpoint_interval": 500, "device": "cpu", "loader_threads": 1, "log_interval": 50, "minutes": 0.0,
          "out": "build/train", "precision": "f32", "seed": 1, "steps": 77, "threads": 0, "validate_interval": 1000},
  "text": {"context": 32, "heads": 4, "layers": 3, "vocab": 4000, "width": 128},
  "vision": {"heads": 4, "image_size": 192, "layers": 5, "patch": 16, "width": 128},
  "weights": {"clean": 1.0, "hazy": 1.0, "jpeg-compressed": 1.0, "low-light": 1.0, "motion-blurry": 1.0, "noisy": 1.0,
              "raindrop": 1.0, "rainy": 1.0, "shadowed": 1.0, "snowy": 2.5, "uncompleted": 1.0}
})";

TEST(TrainConfig, keys_that_an_earlier_checkpoint_lacks_keep_their_defaults) {
  const TrainConfig config = train_config_from_json(kEarlierConfig);
  EXPECT_EQ(config.run.steps, 77);
  EXPECT_EQ(config.optimizer.kind, "muon");
  EXPECT_EQ(config.sampler.weights[size_t(label_index("snowy"))], 2.5);
  EXPECT_EQ(config.optimizer.schedule, "warmup_cosine");
  EXPECT_EQ(config.loss.charbonnier_eps, LossConfig().charbonnier_eps);
}

TEST(TrainConfig, says_which_keys_differ) {
  TrainConfig before, now;
  EXPECT_TRUE(changed_keys(before, now).empty());
  now.optimizer.lr = 5e-4;
  now.run.out = "elsewhere";
  now.data.packs = {"a", "b"};
  std::vector<std::string> lines;
  for (const auto& [key, old, current] : changed_keys(before, now))
    lines.push_back(cat(key.text(), " ", old, " ", current));
  EXPECT_EQ(lines, (std::vector<std::string>{"data.packs [] [\"a\",\"b\"]", "optimizer.lr 0.001 0.0005",
                                             "run.out \"build/train\" \"elsewhere\""}));
}

TEST(TrainConfig, files_of_the_compact_model_are_accepted) {
  for (const char* name : {"clip", "controller", "controller-real", "damage", "instruction", "restorer",
                           "restorer-fine", "restorer-mixed"})
    EXPECT_NO_THROW(read_train_config(std::string("configs/compact-") + name + ".toml")) << name;
}

}  // namespace
}  // namespace daclip
