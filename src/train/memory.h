// The C library's memory, as training uses it.
#pragma once

namespace daclip {

// Lets malloc keep freed memory of any size for the whole process, up to 2 GB: feature maps and batches come and go by
// megabytes, and clearing fresh pages for each costs time. For programs that train, at their start.
void keep_freed_memory();

}  // namespace daclip
