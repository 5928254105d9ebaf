#define DACLIP_NAF_LANES 8
#define DACLIP_NAF_ROWS 6
#define DACLIP_NAF_TABLE kNafAvx2
#include "torch/nafblock_kernels-inl.h"
