// The verbs of the program, one file each: they declare their options and, once chosen, what to run.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace daclip::app {

enum ExitCode {
  kAllDone = 0,
  kSomeFailed = 1,  // some inputs failed; the others are done and the failures were named
  kWrongUsage = 2,  // options, a model or an output folder that cannot be used: nothing was done
};

// Set by the verb that the command line names; returns the exit code, throws daclip::Error for wrong usage.
using Run = std::function<int()>;

void add_restore(CLI::App& program, Run& run);
void add_classify(CLI::App& program, Run& run);
void add_degrade(CLI::App& program, Run& run);
void add_compare(CLI::App& program, Run& run);
void add_dataset(CLI::App& program, Run& run);
void add_eval(CLI::App& program, Run& run);
void add_import(CLI::App& program, Run& run);
void add_info(CLI::App& program, Run& run);
void add_plot(CLI::App& program, Run& run);

}  // namespace daclip::app
