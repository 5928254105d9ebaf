#include "pipeline/repair_plan.h"

#include <algorithm>

#include "pipeline/findings.h"

namespace daclip {

bool asks_for(const Instruction& instruction, std::string_view label) {
  return std::ranges::find(instruction.repairs, label, &Instruction::Repair::label) != instruction.repairs.end();
}

namespace {

// Found kinds that the instruction neither names nor keeps.
std::vector<Finding> other_findings(const Instruction& instruction, std::span<const Finding> findings) {
  std::vector<Finding> others;
  for (const Finding& finding : findings) {
    const bool named = asks_for(instruction, finding.label);
    const bool kept = std::ranges::find(instruction.kept, finding.label) != instruction.kept.end();
    if (finding.probability > kFoundFrom && !named && !kept) others.push_back(finding);
  }
  return others;
}

}  // namespace

RepairPlan plan_repair(const Instruction& instruction, std::span<const Finding> findings,
                       std::span<const std::string> labels) {
  std::vector<Instruction::Repair> wanted = instruction.repairs;
  float strongest = 0;
  for (const Instruction::Repair& repair : wanted) strongest = std::max(strongest, repair.strength);
  if (instruction.everything) {
    const std::vector<Finding> others = other_findings(instruction, findings);
    for (const Finding& finding : others) strongest = std::max(strongest, supported_strength(finding.probability));
    // Even a small share of a label steers the network to the whole repair, so what is doubtful is left out beside what
    // is certain.
    for (const Finding& finding : others)
      if (supported_strength(finding.probability) >= strongest / 2) wanted.push_back({finding.label, strongest});
  }
  RepairPlan plan;
  plan.strength = strongest;
  plan.shares.resize(labels.size() - 1);
  for (const auto& [kind, strength] : wanted) {
    plan.kinds.push_back(kind);
    plan.shares[size_t(std::ranges::find(labels, kind) - labels.begin())] = strength / strongest;
  }
  return plan;
}

}  // namespace daclip
