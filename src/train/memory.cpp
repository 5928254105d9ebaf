#include "train/memory.h"

#include <malloc.h>

namespace daclip {

void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);  // M_MMAP_THRESHOLD would end at 32 MB: larger buffers would still be given back
  mallopt(M_TRIM_THRESHOLD, 2000 << 20);
}

}  // namespace daclip
