// info: what this build of akin can do, and what it finds on this machine.
//
//   info    info --json -
#include <CLI/CLI.hpp>
#include <akin/core/build.hpp>
#include <akin/core/cuda_facts.hpp>
#include <akin/core/parallel.hpp>
#include <akin/io/file.hpp>
#include <akin/io/json.hpp>
#include <akin/train/table_printer.hpp>
#include <cstdio>

using namespace akin;

namespace {

std::string yes_no(bool yes) { return yes ? "yes" : "no"; }

void print_line(const char* name, const std::string& value) {
  std::printf("%-18s%s\n", name, train::printable(value).c_str());
}

void print(const BuildFacts& build) {
  std::printf("akin %s\n", build.version.c_str());
  print_line("compiler", build.compiler);
  print_line("instruction set", cat(build.instruction_set, ", vectors of ", build.vector_bytes, " bytes"));
  print_line("threads", cat(threads()));
  print_line("backend", cat(build.backend, ", namespace ", build.abi));
  print_line("zlib", yes_no(build.parts.zlib));
  print_line("stb_image", yes_no(build.parts.stb));
  print_line("CUDA", yes_no(build.parts.cuda));
}

void print(const CudaFacts& cuda, const BuildParts& parts) {
  for (const auto& library : cuda.libraries)
    print_line(library.name.c_str(), cat("compiled with ", library.compiled, ", found ", library.found));
  if (!parts.cublas) print_line("cuBLASLt", "no");
  if (!parts.cudnn) print_line("cuDNN", "no");
  print_line("driver", cuda.driver.empty() ? "none" : cat("serves CUDA ", cuda.driver));
  if (!cuda.problem.empty()) print_line("GPU", cat("none: ", cuda.problem));
  for (std::size_t i = 0; i < cuda.devices.size(); ++i) {
    const CudaDevice& gpu = cuda.devices[i];
    print_line(cat("GPU ", i).c_str(), cat(gpu.name, ", compute capability ", gpu.major, '.', gpu.minor, ", ",
                                           gpu.bytes >> 20, " MiB, ", gpu.multiprocessors, " multiprocessors, ",
                                           gpu.problem.empty() ? "this program has code for it" : gpu.problem));
  }
}

io::Json to_json(const CudaFacts& cuda) {
  io::Json::Object libraries;
  for (const auto& library : cuda.libraries)
    libraries.push_back({library.name, io::Json::Object{{"compiled", library.compiled}, {"found", library.found}}});
  io::Json::List devices;
  for (const auto& gpu : cuda.devices)
    devices.push_back(io::Json::Object{{"name", gpu.name},
                                       {"compute_capability", cat(gpu.major, '.', gpu.minor)},
                                       {"bytes", gpu.bytes},
                                       {"multiprocessors", gpu.multiprocessors},
                                       {"problem", gpu.problem}});
  return io::Json::Object{
      {"libraries", libraries}, {"driver", cuda.driver}, {"problem", cuda.problem}, {"devices", devices}};
}

io::Json to_json(const BuildFacts& build, const CudaFacts& cuda) {
  const BuildParts& parts = build.parts;
  return io::Json::Object{{"akin", build.version},
                          {"compiler", build.compiler},
                          {"backend", build.backend},
                          {"instruction_set", build.instruction_set},
                          {"vector_bytes", build.vector_bytes},
                          {"abi", build.abi},
                          {"threads", threads()},
                          {"parts", io::Json::Object{{"zlib", parts.zlib},
                                                     {"stb", parts.stb},
                                                     {"cuda", parts.cuda},
                                                     {"cublas", parts.cublas},
                                                     {"cudnn", parts.cudnn}}},
                          {"cuda", to_json(cuda)}};
}

int run(const std::string& json) {
  const BuildFacts build = build_facts();
  const CudaFacts cuda = cuda_facts();
  if (json != "-") {
    print(build);
    if (build.parts.cuda) print(cuda, build.parts);
  }
  if (json.empty()) return 0;
  const std::string text = io::to_json(to_json(build, cuda), 2) + "\n";
  if (json == "-")
    std::fputs(text.c_str(), stdout);
  else
    io::write_file(json, text);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Says what this build of akin can do, and what it finds on this machine.");
  std::string json;
  app.set_version_flag("--version", "akin " AKIN_VERSION);
  app.add_option("--json", json, "write the facts to this file ('-' = standard output)");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(json);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", train::printable_lines(error.what()).c_str());
    return 1;
  }
}
