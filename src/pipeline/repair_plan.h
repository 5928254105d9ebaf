// What to repair in one photo, and how strongly.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daclip/restorer.h"

namespace daclip {

// Whether the instruction names this label among its repairs.
bool asks_for(const Instruction& instruction, std::string_view label);

struct RepairPlan {
  std::vector<std::string> kinds;  // labels; empty: nothing
  std::vector<float> shares;       // of each label before "clean", as mixture_context() takes them
  float strength = 0;              // of the blend with the input
};

// The kinds that the instruction names, as strongly as it asks, and, if it asks for everything, those that were found,
// as strongly as their probabilities support, except what it keeps.
RepairPlan plan_repair(const Instruction& instruction, std::span<const Finding> findings,
                       std::span<const std::string> labels);

// Everything that was found.
inline RepairPlan plan_repair(std::span<const Finding> findings, std::span<const std::string> labels) {
  Instruction instruction;
  instruction.everything = true;
  return plan_repair(instruction, findings, labels);
}

}  // namespace daclip
