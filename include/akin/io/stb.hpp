// stb_image (https://github.com/nothings/stb, public domain), as a private copy of PNG, JPEG and BMP on bounded memory.
// Only for programs compiled with -DAKIN_WITH_STB and the folder of stb_image.h in the include path.
//
// A namespace, internal linkage and macros put back as they were keep it apart from a copy that the program has itself.
#pragma once
#if defined(AKIN_WITH_STB)
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

// What stb_image.h includes, before it is included into a namespace.
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::io::stb {

/// While one lives, stb takes its memory from it: bounded, zeroed (damaged pictures show nothing that lay there before,
/// and decode to the same pixels each time), and given back as a whole.
class Memory {
 public:
  explicit Memory(std::size_t budget) : left_(budget), before_(std::exchange(current(), this)) {}
  ~Memory() {
    while (blocks_) give(blocks_ + 1);
    current() = before_;
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  static Memory*& current() {
    thread_local Memory* memory = nullptr;
    return memory;
  }
  bool exhausted() const { return exhausted_; }

  void* take(std::size_t size) {
    exhausted_ = exhausted_ || size > left_;
    void* const raw = size > left_ ? nullptr : std::calloc(1, sizeof(Block) + size);
    if (!raw) return nullptr;
    left_ -= size;
    auto* const block = new (raw) Block{blocks_, nullptr, size};
    if (blocks_) blocks_->newer = block;
    blocks_ = block;
    return block + 1;
  }
  void give(void* bytes) {
    if (!bytes) return;
    Block* const block = static_cast<Block*>(bytes) - 1;
    (block->newer ? block->newer->older : blocks_) = block->older;
    if (block->older) block->older->newer = block->newer;
    left_ += block->size;
    std::free(block);
  }
  void* resize(void* bytes, std::size_t used, std::size_t size) {
    void* const larger = take(size);
    if (larger && bytes) std::memcpy(larger, bytes, used < size ? used : size), give(bytes);
    return larger;
  }

 private:
  struct alignas(16) Block {
    Block *older, *newer;
    std::size_t size;
  };
  std::size_t left_;
  bool exhausted_ = false;
  Block* blocks_ = nullptr;
  Memory* before_;
};

inline void require(bool ok) { check(ok, "stb_image", "the picture is damaged"); }

#pragma push_macro("STB_IMAGE_IMPLEMENTATION")
#pragma push_macro("STBIDEF")
#pragma push_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma push_macro("STBI_ASSERT")
#pragma push_macro("STBI_FREE")
#pragma push_macro("STBI_MALLOC")
#pragma push_macro("STBI_MAX_DIMENSIONS")
#pragma push_macro("STBI_REALLOC_SIZED")
#pragma push_macro("STBI_NO_BMP")
#pragma push_macro("STBI_NO_GIF")
#pragma push_macro("STBI_NO_HDR")
#pragma push_macro("STBI_NO_JPEG")
#pragma push_macro("STBI_NO_LINEAR")
#pragma push_macro("STBI_NO_PIC")
#pragma push_macro("STBI_NO_PNG")
#pragma push_macro("STBI_NO_PNM")
#pragma push_macro("STBI_NO_PSD")
#pragma push_macro("STBI_NO_STDIO")
#pragma push_macro("STBI_NO_TGA")
#pragma push_macro("STBI_ONLY_BMP")
#pragma push_macro("STBI_ONLY_JPEG")
#pragma push_macro("STBI_ONLY_PNG")
#pragma push_macro("stbi__err")
#undef STB_IMAGE_IMPLEMENTATION
#undef STBIDEF
#undef STBI_INCLUDE_STB_IMAGE_H
#undef STBI_ASSERT
#undef STBI_FREE
#undef STBI_MALLOC
#undef STBI_MAX_DIMENSIONS
#undef STBI_REALLOC_SIZED
#undef STBI_NO_BMP
#undef STBI_NO_JPEG
#undef STBI_NO_PNG
#undef STBI_ONLY_BMP
#undef STBI_ONLY_JPEG
#undef STBI_ONLY_PNG
#undef stbi__err
#define STB_IMAGE_IMPLEMENTATION
// Its declarations are passed over: they would give the functions C names, which two copies cannot both have.
#define STBI_INCLUDE_STB_IMAGE_H
#define STBIDEF static
#define STBI_ASSERT(x) require(x)
#define STBI_FREE(p) Memory::current()->give(p)
#define STBI_MALLOC(size) Memory::current()->take(size)
#define STBI_REALLOC_SIZED(p, used, size) Memory::current()->resize(p, static_cast<std::size_t>(used), size)
#define STBI_MAX_DIMENSIONS 16384
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#define STBI_ONLY_BMP
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG

using ::abs;  // else it finds the one of tensors
using stbi_uc = unsigned char;
using stbi_us = unsigned short;
enum { STBI_default, STBI_grey, STBI_grey_alpha, STBI_rgb, STBI_rgb_alpha };
struct stbi_io_callbacks {
  int (*read)(void* user, char* bytes, int size);
  void (*skip)(void* user, int count);
  int (*eof)(void* user);
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>
#pragma GCC diagnostic pop

#pragma pop_macro("STB_IMAGE_IMPLEMENTATION")
#pragma pop_macro("STBIDEF")
#pragma pop_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma pop_macro("STBI_ASSERT")
#pragma pop_macro("STBI_FREE")
#pragma pop_macro("STBI_MALLOC")
#pragma pop_macro("STBI_MAX_DIMENSIONS")
#pragma pop_macro("STBI_REALLOC_SIZED")
#pragma pop_macro("STBI_NO_BMP")
#pragma pop_macro("STBI_NO_GIF")
#pragma pop_macro("STBI_NO_HDR")
#pragma pop_macro("STBI_NO_JPEG")
#pragma pop_macro("STBI_NO_LINEAR")
#pragma pop_macro("STBI_NO_PIC")
#pragma pop_macro("STBI_NO_PNG")
#pragma pop_macro("STBI_NO_PNM")
#pragma pop_macro("STBI_NO_PSD")
#pragma pop_macro("STBI_NO_STDIO")
#pragma pop_macro("STBI_NO_TGA")
#pragma pop_macro("STBI_ONLY_BMP")
#pragma pop_macro("STBI_ONLY_JPEG")
#pragma pop_macro("STBI_ONLY_PNG")
#pragma pop_macro("stbi__err")

}  // namespace akin::inline AKIN_ABI::io::stb
#endif
