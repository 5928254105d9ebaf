// The tables of a report.
#pragma once

#include <vector>

#include "eval/summary.h"
#include "eval/table.h"

namespace daclip {

// For each group: a row a set and method, with the group's averages below, the usual scores in one table and what else
// was measured in another; then, where there are several methods or the paper's numbers, PSNR, SSIM and LPIPS each with
// a row a set and a column a method, the paper's behind. Columns without a value are left out. Best and second are told
// among the methods measured here, by the values as printed.
std::vector<Table> score_tables(const Summary& summary, const ReportOptions& options);

// Accuracy, calibration and mixed degradations of each method; accuracy per label beside the paper's Table 4; what is
// most often confused.
std::vector<Table> recognition_tables(const std::vector<MethodRecognition>& methods);

}  // namespace daclip
