// Made-up instructions to a restorer with their meaning: the training of the instruction network.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/labels.h"
#include "core/random.h"

namespace daclip {

// What an instruction says about one kind of damage.
enum class Wish { none, repair, keep };

struct InstructionMeaning {
  std::array<Wish, size_t(kDegradationCount)> wishes{};
  std::array<float, size_t(kDegradationCount)> strengths{};  // of what is to be repaired, above 0 to 1
  // Kinds that are not mentioned are to be repaired where they are found ("fix everything but the grain").
  bool everything = false;
};

struct WrittenInstruction {
  std::string text;  // lower case, "please remove the rain but keep the fog"
  InstructionMeaning meaning;
};

// Stands in made-up instructions for words that no vocabulary has.
inline constexpr std::string_view kUnheardOf = "0";

// Composed from verbs, nouns, adjectives and sentence frames: commands, complaints, descriptions, exceptions, degrees.
WrittenInstruction draw_instruction(Random& random);

}  // namespace daclip
