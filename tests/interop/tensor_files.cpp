// Reads and writes safetensors for tensor_files.py.
//   read FILE...      a line for each: "ok", then name, dtype as stored, sizes and sum of each tensor; or the error
//   rewrite IN OUT    reads and writes again
#include <akin/io/safetensors.hpp>
#include <akin/ops/elementwise.hpp>
#include <akin/ops/reduce.hpp>
#include <cstdio>

#include "program.hpp"

using namespace akin;

namespace {

std::string described(const io::TensorFile& file) {
  std::string text = "ok";
  for (const auto& [name, array] : file.tensors) {
    const auto widened = file.stored_as.find(name);
    text += cat(" | ", name, ' ', widened == file.stored_as.end() ? cat(array.dtype()) : widened->second, ' ',
                array.shape(), ' ', ops::sum(ops::cast(array, DType::f64)).item());
  }
  return text;
}

void run(const std::vector<std::string>& words) {
  check(!words.empty(), "tensor_files", "expected: read FILE... | rewrite IN OUT");
  if (words[0] == "rewrite" && words.size() == 3) {
    const io::TensorFile file = io::load_safetensors(words[1]);
    return io::save_safetensors(words[2], file.tensors, file.metadata);
  }
  for (std::size_t i = 1; i < words.size(); ++i) try {
      std::printf("%s\n", described(io::load_safetensors(words[i])).c_str());
    } catch (const Error& error) {
      std::printf("%s\n", std::string(error.what()).substr(0, 200).c_str());
    }
}

}  // namespace

int main(int count, char** words) { return interop::run_program(count, words, run); }
