// The 8x8 transforms of baseline JPEG in integer arithmetic, bit-identical to libjpeg's accurate method (jfdctint,
// jidctint).
#pragma once

#include <cstdint>

namespace daclip {

// samples: 64 values in [-128,127], row by row. Writes coefficients times 8, in natural order.
void forward_dct(const int32_t* samples, int32_t* coefficients);

// coefficients: dequantised. Writes samples in [0,255].
void inverse_dct(const int32_t* coefficients, int32_t* samples);

// Quantises by the table and dequantises in place: takes coefficients times 8, leaves dequantised coefficients.
void requantise(int32_t* coefficients, const int32_t* table);

}  // namespace daclip
