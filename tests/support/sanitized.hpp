// Whether a sanitizer makes this build several times slower. Where it does, tests of many repetitions make fewer: plain
// builds make them all.
#pragma once

namespace akin::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace akin::test
