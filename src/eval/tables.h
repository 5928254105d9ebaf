// The tables of a report.
#pragma once

#include <vector>

#include "eval/summary.h"
#include "eval/table.h"

namespace daclip {

// For each group, a table of the usual scores and one of the other measures: one row per set and method, with the
// group's averages below. With several methods, or with the paper's numbers, also a table each for PSNR, SSIM and
// LPIPS: one row per set, one column per method, then the paper's. Columns without values are omitted. Best and second
// are marked among the methods measured here, based on the printed values.
std::vector<Table> score_tables(const Summary& summary, const ReportOptions& options);

// Accuracy, calibration and mixed degradations of each method; accuracy per label next to the paper's Table 4; the most
// frequent misclassifications.
std::vector<Table> recognition_tables(const std::vector<MethodRecognition>& methods);

}  // namespace daclip
