// What the tests cannot ask of a program under the thread sanitizer, whose own memory is many times the program's.
#pragma once

namespace daclip::test {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kThreadSanitizer = __has_feature(thread_sanitizer);
#else
inline constexpr bool kThreadSanitizer = false;
#endif

}  // namespace daclip::test
