// The program daclip-train as a user runs it: exit codes, messages, a short run and its resumption.
#include <gtest/gtest.h>

#include "apps/program.h"
#include "data/photos.h"
#include "train/checkpoint.h"

namespace daclip::test {
namespace {

namespace fs = std::filesystem;

class TrainProgram : public testing::Test {
 protected:
  void SetUp() override {
    PackWriter writer(folder_ / "photos.pack");
    for (int i = 0; i < 40; ++i) writer.add(made_photo(cat("photo", i), 48, 40, uint64_t(i)));
    writer.finish();
  }

  // A run of two steps on a tiny network; `more` is further TOML, `run` further entries of [run].
  std::string config(const std::string& run = "", const std::string& more = "") const {
    const std::string path = (folder_ / "run.toml").string();
    write_text(
        path, cat("[run]\nsteps = 2\nthreads = 1\nlog_interval = 1\nvalidate_interval = 0\nout = \"",
                  (folder_ / "out").string(), "\"\n", run, "[data]\nbatch = 2\ncrop = 16\nholdout = 0\npacks = [\"",
                  (folder_ / "photos.pack").string(),
                  "\"]\n[restorer]\nwidth = 4\nencoder_blocks = [1]\nmiddle_blocks = 1\ndecoder_blocks = [1]\n", more));
    return path;
  }

  Outcome refused(const std::vector<std::string>& arguments) const {
    const Outcome outcome = run_program(arguments);
    EXPECT_FALSE(fs::exists(folder_ / "out")) << outcome.err;
    EXPECT_EQ(lines_in(outcome.err), 1u) << outcome.err;
    return outcome;
  }

  TempFolder folder_;
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(TrainProgram, help_names_every_verb) {
  const Outcome outcome = run_program({"--help"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* verb : {"clip", "controller", "restorer", "export"}) EXPECT_TRUE(holds(outcome.out, verb)) << verb;
  EXPECT_EQ(run_program({"restorer", "--help"}).code, 0);
}

TEST_F(TrainProgram, wrong_usage_exits_with_2) {
  EXPECT_EQ(run_program({}).code, 2);
  EXPECT_EQ(run_program({"sharpener"}).code, 2);
  EXPECT_EQ(run_program({"restorer"}).code, 2);
  EXPECT_EQ(run_program({"restorer", config(), "--steps", "many"}).code, 2);
}

TEST_F(TrainProgram, a_bad_configuration_is_named_and_exits_with_2) {
  Outcome outcome = refused({"restorer", config("stepz = 3\n")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(holds(outcome.err, "run.toml: run.stepz: unknown key")) << outcome.err;
  outcome = refused({"restorer", config("", "[optimizer]\nbeta1 = 1.5\n")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(holds(outcome.err, "optimizer.beta1: 1.5: expected at least 0 and below 1")) << outcome.err;
  outcome = refused({"restorer", folder_.path().string()});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(holds(outcome.err, "a folder: expected a TOML file")) << outcome.err;
}

TEST_F(TrainProgram, a_file_that_cannot_be_read_exits_with_1) {
  EXPECT_EQ(refused({"restorer", (folder_ / "missing.toml").string()}).code, 1);
  EXPECT_EQ(refused({"restorer", config("oops")}).code, 1);
}

TEST_F(TrainProgram, options_out_of_range_are_refused_with_value_and_range) {
  struct Case {
    const char *option, *value, *message;
  };
  for (const Case& c : {Case{"--steps", "-3", "run.steps: -3: expected at least 1"},
                        Case{"--steps", "0", "run.steps: 0: expected at least 1"},
                        Case{"--stop-after", "-1", "--stop-after: -1: expected at least 1"},
                        Case{"--minutes", "-2", "run.minutes: -2: expected at least 0"},
                        Case{"--threads", "-1", "run.threads: -1: expected at least 0"},
                        Case{"--loader-threads", "0", "run.loader_threads: 0: expected at least 1"},
                        Case{"--device", "tpu", "run.device: \"tpu\": expected one of cpu, cuda"},
                        Case{"--precision", "f64", "run.precision: \"f64\": expected one of f32, tf32, bf16"}}) {
    const Outcome outcome = refused({"restorer", config(), c.option, c.value});
    EXPECT_EQ(outcome.code, 2) << c.option;
    EXPECT_EQ(outcome.err, cat("daclip-train: ", c.message, "\n"));
  }
  const Outcome outcome = refused({"export", "--daclip", "x", "-o", "y", "--clean-prior", "nan"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(holds(outcome.err, "--clean-prior: nan: expected")) << outcome.err;
}

TEST_F(TrainProgram, a_run_ends_with_a_checkpoint_and_resumes) {
  const std::string toml = config();
  Outcome outcome = run_program({"restorer", toml});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(read_checkpoint(folder_ / "out" / "latest.safetensors", "restorer").step, 2);

  outcome = run_program({"restorer", toml});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(holds(outcome.err, "there is a run already")) << outcome.err;

  outcome = run_program({"restorer", toml, "--resume", "--steps", "3"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err.find("run.steps: 2 in the checkpoint, 3 now\n"), 0u) << outcome.err;
  EXPECT_EQ(read_checkpoint(folder_ / "out" / "latest.safetensors").step, 3);

  outcome = run_program({"restorer", config("", "unshuffle = 1\n"), "--resume"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(holds(outcome.err, "restorer.unshuffle: 2 in the checkpoint, 1 now: a resumed run cannot change it"))
      << outcome.err;
}

TEST_F(TrainProgram, stops_early_with_a_checkpoint_to_resume_from) {
  EXPECT_EQ(run_program({"restorer", config(), "--stop-after", "1"}).code, 0);
  EXPECT_EQ(read_checkpoint(folder_ / "out" / "latest.safetensors").step, 1);
  EXPECT_EQ(run_program({"restorer", config(), "--resume"}).code, 0);
  EXPECT_EQ(read_checkpoint(folder_ / "out" / "latest.safetensors").step, 2);
}

TEST_F(TrainProgram, does_not_resume_what_was_never_started) {
  const Outcome outcome = refused({"restorer", config(), "--resume"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(holds(outcome.err, "nothing to resume")) << outcome.err;
}

}  // namespace
}  // namespace daclip::test
