// Instructions in words: spelling, what they make of a photo's findings, and restoring by them.
#include "pipeline/instruction.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/tables.h"
#include "engine/native_backend.h"
#include "pipeline/findings.h"
#include "pipeline/restore_pipeline.h"
#include "pipeline/temp_folder.h"
#include "pipeline/test_photo.h"
#include "pipeline/tiny_model.h"

namespace daclip {
namespace {

using Kinds = std::vector<std::string>;

const Kinds kModelLabels(kLabels.begin(), kLabels.end());

float share(const RepairPlan& plan, std::string_view label) { return plan.shares[size_t(label_index(label))]; }

TEST(CorrectedWord, takes_one_wrong_letter_back_and_leaves_short_and_foreign_words) {
  const WordTokenizer words({"shadows", "remove", "the", "rain"}, 8);
  for (const char* typed : {"shadws", "shaddows", "shadowz", "shdaows"})
    EXPECT_EQ(corrected_word(typed, words), "shadows");
  EXPECT_EQ(corrected_word("remove", words), "remove");
  EXPECT_EQ(corrected_word("teh", words), "teh");
  EXPECT_EQ(corrected_word("elephant", words), "elephant");
}

TEST(PlanRepair, repairs_what_is_named_whatever_was_found) {
  const Instruction instruction{{{"rainy", 0.4f}}, {"hazy"}, false, {}};
  const RepairPlan plan = plan_repair(instruction, std::vector<Finding>{{"hazy", 0.9f, 0.5f}}, kModelLabels);
  EXPECT_EQ(plan.kinds, Kinds{"rainy"});
  EXPECT_FLOAT_EQ(plan.strength, 0.4f);
  EXPECT_FLOAT_EQ(share(plan, "rainy"), 1);
  EXPECT_EQ(share(plan, "hazy"), 0);
}

TEST(PlanRepair, what_is_doubtful_is_left_out_beside_what_is_certain) {
  const std::vector<Finding> findings = {{"noisy", 0.95f, 0.5f}, {"low-light", 0.55f, 0.5f}, {"hazy", 0.45f, 0.5f}};
  const RepairPlan plan = plan_repair(findings, kModelLabels);
  EXPECT_EQ(plan.kinds, Kinds{"noisy"});
  EXPECT_FLOAT_EQ(plan.strength, 1);
  EXPECT_EQ(share(plan, "low-light"), 0);
  const std::vector<Finding> doubtful = {findings[1], findings[2]};
  const RepairPlan gentle = plan_repair(doubtful, kModelLabels);
  EXPECT_EQ(gentle.kinds, Kinds{"low-light"});
  EXPECT_FLOAT_EQ(gentle.strength, kGentle);
  EXPECT_FLOAT_EQ(share(gentle, "low-light"), 1);
}

TEST(PlanRepair, everything_means_what_was_found_except_what_is_kept) {
  const Instruction instruction{{}, {"hazy"}, true, {}};
  const std::vector<Finding> findings = {{"hazy", 0.95f, 0.5f}, {"noisy", 0.9f, 0.5f}, {"snowy", 0.1f, 0.5f}};
  const RepairPlan plan = plan_repair(instruction, findings, kModelLabels);
  EXPECT_EQ(plan.kinds, Kinds{"noisy"});
  EXPECT_FLOAT_EQ(plan.strength, 1);
  EXPECT_EQ(share(plan, "hazy"), 0);
  EXPECT_FLOAT_EQ(share(plan, "noisy"), 1);
  EXPECT_TRUE(plan_repair(instruction, std::vector<Finding>{findings[0]}, kModelLabels).kinds.empty());
}

// "repair rainy, keep hazy", and whether everything else too.
using Wishes = std::tuple<Kinds, Kinds, bool>;

Wishes meaning_of(const InstructionReader& reader, const std::string& text) {
  try {
    const Instruction read = reader.read(text);
    Kinds repairs;
    for (const Instruction::Repair& repair : read.repairs) repairs.push_back(repair.label);
    return {repairs, read.kept, read.everything};
  } catch (const UsageError&) {
    return {};
  }
}

Wishes wishes_of(const InstructionMeaning& meaning) {
  Wishes result;
  for (size_t kind = 0; kind < size_t(kDegradationCount); ++kind) {
    if (meaning.wishes[kind] == Wish::repair) std::get<0>(result).push_back(kModelLabels[kind]);
    if (meaning.wishes[kind] == Wish::keep) std::get<1>(result).push_back(kModelLabels[kind]);
  }
  std::get<2>(result) = meaning.everything;
  return result;
}

class Instructed : public testing::Test {
 protected:
  LoadedModel model(const ModelConfig& config = test::tiny_instruction_config()) {
    NamedArrays arrays = test::tiny_model(config);
    if (config.damage) test::set_findings(arrays, {{"hazy", 5.f}, {"noisy", 5.f}});
    write_safetensors(folder_ / "model.safetensors", arrays);
    return load_model(backend_, read_model_file(folder_ / "model.safetensors"));
  }

  test::TempFolder folder_;
  NativeBackend backend_;
  const Image photo_ = test::test_photo(96, 80);
};

TEST_F(Instructed, words_that_the_model_does_not_know_are_listed_once) {
  const LoadedModel loaded = model();
  const InstructionReader reader(backend_, loaded);
  EXPECT_EQ(reader.read("remove the zebra, the ZEBRA, keep the rain").unknown_words, Kinds{"zebra"});
}

TEST_F(Instructed, a_model_without_an_instruction_network_says_so) {
  const LoadedModel loaded = model(test::tiny_damage_config());
  EXPECT_THROW(InstructionReader(backend_, loaded), UsageError);
}

TEST_F(Instructed, only_what_is_named_is_repaired_and_its_strength_scales_the_change) {
  const LoadedModel loaded = model();
  const RestorePipeline pipeline(backend_, loaded);
  RestoreOptions options;
  options.instruction = Instruction{{{"rainy", 1}}, {}, false, {}};
  const RestoreResult full = pipeline.restore(photo_, options);
  EXPECT_EQ(full.repairs, std::vector<Kinds>{{"rainy"}});
  EXPECT_EQ(full.degradation, "rainy");
  EXPECT_FALSE(full.unsure);
  options.instruction->repairs[0].strength = 0.3f;
  const RestoreResult weak = pipeline.restore(photo_, options);
  EXPECT_GT(test::psnr(to_rgb(weak.image), to_rgb(photo_)), test::psnr(to_rgb(full.image), to_rgb(photo_)));
}

TEST_F(Instructed, named_kinds_steer_as_their_label_does) {
  const LoadedModel loaded = model();
  const RestorePipeline pipeline(backend_, loaded);
  RestoreOptions told, asked;
  told.degradation = "rainy";
  asked.instruction = Instruction{{{"rainy", 1}}, {}, false, {}};
  const double same =
      test::psnr(to_rgb(pipeline.restore(photo_, told).image), to_rgb(pipeline.restore(photo_, asked).image));
  EXPECT_GT(same, 50);
}

TEST_F(Instructed, everything_but_what_was_found_leaves_the_photo_as_it_is) {
  const LoadedModel loaded = model();
  const RestorePipeline pipeline(backend_, loaded);
  RestoreOptions options;
  options.instruction = Instruction{{}, {"hazy", "noisy"}, true, {}};
  const RestoreResult kept = pipeline.restore(photo_, options);
  EXPECT_TRUE(kept.untouched);
  EXPECT_EQ(kept.image.data, photo_.data);
  options.instruction->kept = {"hazy"};
  EXPECT_EQ(pipeline.restore(photo_, options).repairs, std::vector<Kinds>{{"noisy"}});
}

TEST_F(Instructed, wrong_instructions_are_refused) {
  const LoadedModel loaded = model();
  const RestorePipeline pipeline(backend_, loaded);
  RestoreOptions options;
  options.instruction = Instruction{{{"wet", 1}}, {}, false, {}};
  EXPECT_THROW(pipeline.check(options), UsageError);
  options.instruction = Instruction{{{"clean", 1}}, {}, false, {}};
  EXPECT_THROW(pipeline.check(options), UsageError);
  options.instruction = Instruction{{{"rainy", 2}}, {}, false, {}};
  EXPECT_THROW(pipeline.check(options), UsageError);
  options.instruction = Instruction{{{"rainy", 1}}, {}, false, {}};
  EXPECT_NO_THROW(pipeline.check(options));
  options.degradation = "noisy";
  EXPECT_THROW(pipeline.check(options), UsageError);
}

class ShippedReader : public testing::Test {
 protected:
  Instruction read(const std::string& text) const { return InstructionReader(backend_, model_).read(text); }

  mutable NativeBackend backend_;
  const LoadedModel model_ = load_model(backend_, read_model_file("models/compact/model.safetensors"));
};

TEST_F(ShippedReader, degrees_make_the_repair_weaker) {
  EXPECT_GT(read("remove the noise").repairs.at(0).strength, 0.9f);
  EXPECT_LT(read("remove the noise a little").repairs.at(0).strength, 0.6f);
  EXPECT_LT(read("brighten it slightly").repairs.at(0).strength, 0.6f);
}

TEST_F(ShippedReader, typographic_quotes_are_read_like_plain_ones) {
  const Instruction quoted = read("\u201cremove the fog\u201d");
  EXPECT_EQ(quoted.repairs.at(0).label, "hazy");
  EXPECT_TRUE(quoted.unknown_words.empty());
}

TEST_F(ShippedReader, a_wish_after_a_long_preface_is_found_and_too_long_a_sentence_is_refused) {
  std::string preface;
  for (int i = 0; i < 12; ++i) preface += "This is a picture of our house. ";
  const Instruction late = read(preface + "Remove the rain.");
  ASSERT_EQ(late.repairs.size(), 1u);
  EXPECT_EQ(late.repairs[0].label, "rainy");
  std::string endless = "remove the rain";
  for (int i = 0; i < 60; ++i) endless += " and look";
  EXPECT_THROW(read(endless), UsageError);
}

TEST_F(ShippedReader, an_instruction_without_a_wish_is_refused_with_its_unknown_words) {
  try {
    read("asdf qwer");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("unknown words: asdf, qwer"), std::string::npos) << error.what();
  }
}

// Written by people who had not seen the words and frames of data/instructions.cpp.
TEST(ShippedInstructions, most_that_people_wrote_are_understood_in_every_part) {
  NativeBackend backend;
  const LoadedModel model = load_model(backend, read_model_file("models/compact/model.safetensors"));
  const InstructionReader reader(backend, model);
  const std::vector<WrittenInstruction> written = read_instructions("tests/pipeline/instructions.tsv");
  ASSERT_EQ(written.size(), 150u);
  int understood = 0;
  for (const WrittenInstruction& one : written) understood += meaning_of(reader, one.text) == wishes_of(one.meaning);
  RecordProperty("understood", understood);
  std::printf("understood: %d of %zu\n", understood, written.size());
  EXPECT_GE(understood, 130);
}

}  // namespace
}  // namespace daclip
