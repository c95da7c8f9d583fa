// JSON: a value that was read is written, compact and indented, as text that reads back as the same value.
#include <akin/io/json_parser.hpp>

#include "fuzz.hpp"

using namespace akin;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto value =
      fuzz::value_or_error([&] { return io::parse_json(text, {.max_depth = 16, .max_values = 10'000}); });
  if (!value) return 0;
  for (const int indent : {0, 2}) {
    const std::string written = io::to_json(*value, indent);
    fuzz::require(io::valid_utf8(written) == written.size(), "written JSON is UTF-8");
    fuzz::require(io::parse_json(written) == *value, "written JSON reads back as the same value");
  }
  return 0;
}
