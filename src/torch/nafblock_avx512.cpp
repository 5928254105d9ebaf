#define DACLIP_NAF_LANES 16
#define DACLIP_NAF_ROWS 8
#define DACLIP_NAF_TABLE kNafAvx512
#include "torch/nafblock_kernels-inl.h"
