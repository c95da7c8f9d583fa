// Search by example: pictures become points, and the nearest points are the most similar pictures.
//
//   g++ -std=c++20 -O3 -march=native -Iinclude examples/07_embed_and_search.cpp -o search
//   ./simclr && ./search encoder.safetensors        # the encoder of example 04; without one, it trains its own
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

namespace {

constexpr std::int64_t shown = 5;

/// A few steps of SimCLR with a name for every part: see example 04 for the same by hand.
void learn(const nn::Module& encoder, const data::DatasetPtr& pictures) {
  data::Loader loader(pictures, {.batch_size = 128}, augment::two_views(augment::demo({.normalize = {{0.5}, {0.25}}})));
  methods::SimClr simclr(encoder, {.features = 256});
  train::Progress progress(stdout, train::progress_for(stdout));
  train::Trainer(simclr, loader, {.epochs = 2, .lr = 0.1}).run(progress);
}

}  // namespace

int main(int argc, char** argv) try {
  const auto library = data::synthetic({.size = 28, .channels = 1, .count = 8000});
  const auto queries = data::synthetic({.size = 28, .channels = 1, .count = 200, .split = data::Split::test});
  const nn::Module encoder = nn::convnet({.channels = 1});
  if (argc > 1)
    io::load(encoder, argv[1]);
  else
    learn(encoder, library);

  // Features on the unit sphere: their product is the cosine similarity.
  const auto embed = [&](const data::Dataset& pictures) {
    return eval::embed(encoder, pictures, [](const Array& x) { return augment::plain({{0.5}, {0.25}}).apply(x); });
  };
  const eval::Features in_library = embed(*library), of_queries = embed(*queries);
  const Array points = ops::l2_normalize(in_library.x).y, wanted = ops::l2_normalize(of_queries.x).y;
  const auto nearest = ops::top_k(ops::matmul(wanted, points, {.transpose_b = true}), shown);  // [200, 5]

  const std::int64_t *label = in_library.labels.data<std::int64_t>(), *asked = of_queries.labels.data<std::int64_t>(),
                     *index = nearest.indices.data<std::int64_t>();
  const float* similarity = nearest.values.data<float>();
  const auto& names = library->class_names();
  std::int64_t right = 0;
  for (std::int64_t q = 0; q < queries->size(); ++q) {
    if (q < 4) std::printf("\nasked for: %s\n", names[static_cast<std::size_t>(asked[q])].c_str());
    for (std::int64_t k = 0; k < shown; ++k) {
      const std::int64_t found = index[q * shown + k];
      right += label[found] == asked[q];
      if (q < 4)
        std::printf("  picture %4d  %-10s similarity %.3f\n", static_cast<int>(found),
                    names[static_cast<std::size_t>(label[found])].c_str(),
                    static_cast<double>(similarity[q * shown + k]));
    }
  }
  std::printf("\nof the %d nearest pictures, %.1f %% show the shape that was asked for (by chance %.1f %%)\n",
              static_cast<int>(shown),
              100.0 * static_cast<double>(right) / static_cast<double>(queries->size() * shown),
              100.0 / static_cast<double>(names.size()));
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
