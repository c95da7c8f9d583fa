// A picture of one pixel, which stb_image decodes: in both translation units, each with its private copy.
#pragma once
#if CONSUMER_WANTS_STB
#include <akin/io/image.hpp>

inline int red_of_a_bmp() {
  std::string file(58, '\0');
  file[0] = 'B', file[1] = 'M', file[2] = 58, file[10] = 54;                             // the pixels' place
  file[14] = 40, file[18] = 1, file[22] = 1, file[26] = 1, file[28] = 24, file[34] = 4;  // 1 x 1, 24 bits
  file[54] = 1, file[55] = 2, file[56] = 3;                                              // blue, green, red
  return static_cast<int>(akin::io::decode_image(file).data<std::uint8_t>()[0]);
}
#endif
