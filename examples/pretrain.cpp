// pretrain: learns image features without labels, then measures them.
//
//   pretrain --data fashion-mnist --method simclr --out runs/demo
#include <CLI/CLI.hpp>
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

namespace {

template <class Rows>
std::string names_in(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) text += (text.empty() ? "" : ", ") + std::string(row.name);
  return text;
}

struct ProgramOptions {
  train::PretrainOptions run;
  std::string device = "cpu", json;
  std::vector<std::string> params;
  int threads = 0;
  bool quiet = false;
};

/// "temperature=0.5" -> {"temperature", 0.5}
std::pair<std::string, double> parse_param(const std::string& text) {
  const auto equals = text.find('=');
  char* end = nullptr;
  const double value = equals == text.npos ? 0 : std::strtod(text.c_str() + equals + 1, &end);
  check(end && end != text.c_str() + equals + 1 && *end == '\0', "pretrain", "--param expects name=number, got '", text, "'");
  return {text.substr(0, equals), value};
}

void define(CLI::App& app, ProgramOptions& p) {
  auto& o = p.run;
  app.set_version_flag("--version", "akin " AKIN_VERSION);
  app.add_option("--data", o.data, "data set: " + names_in(data::table()))->capture_default_str();
  app.add_option("--data-folder", o.data_folder, "where its files are, if not where the package puts them");
  app.add_option("--method", o.method, "method: " + names_in(methods::table()))->capture_default_str();
  app.add_option("--param", p.params, "parameter of the method, name=number; may be repeated")->allow_extra_args(false);
  app.add_option("--encoder", o.encoder, "network: " + names_in(nn::encoders()))->capture_default_str();
  app.add_option("--recipe", o.recipe, "views: " + names_in(augment::table()) + "; default: demo for grey pictures, else the method's");
  app.add_option("--epochs", o.epochs, "passes over the training images")->capture_default_str();
  app.add_option("--batch-size", o.batch_size, "images per step, each in two views")->capture_default_str();
  app.add_option("--lr", o.lr, "learning rate after warm-up; default: the method's");
  app.add_option("--weight-decay", o.weight_decay, "not on norms and biases; default: the method's");
  app.add_option("--limit", o.limit, "use only the first so many training images; 0 = all")->capture_default_str();
  app.add_option("--holdout", o.holdout, "evaluate on so many held-out training images instead of the test set")->capture_default_str();
  app.add_option("--seed", o.seed, "same seed, same result")->capture_default_str();
  app.add_option("--threads", p.threads, "threads for the computation; 0 = one per core; the result does not depend on it")->capture_default_str();
  app.add_option("--workers", o.workers, "threads that prepare views ahead; 0 = none")->capture_default_str();
  app.add_option("--device", p.device, "cpu or cuda")->capture_default_str();
  app.add_option("--out", o.out, "run folder: config, metrics, log, checkpoints")->capture_default_str();
  app.add_flag("--overwrite", o.overwrite, "replace the run that is in the folder");
  app.add_option("--json", p.json, "write the results to this file ('-' = standard output)");
  app.add_flag("!--no-eval", o.evaluate, "train only: no kNN, no linear probe");
  app.add_flag("--anomaly", o.anomaly, "stop at the first NaN or infinity and name its op and module: slow");
  app.add_flag("--quiet", p.quiet, "print only errors");
}

/// Trains and measures. What goes wrong is also in the folder's log: nobody may be watching the terminal.
template <class Say>
void train_and_evaluate(train::Pretrain& pretrain, train::RunFolder& folder, bool quiet, Say say) {
  const auto tell = [&](const std::string& text) { folder.log(text), say(text); };
  const auto& o = pretrain.options();
  tell(cat(o.method, " on ", pretrain.train_set().name(), ": ", pretrain.train_set().size(), " images, ", o.encoder, ", seed ", o.seed));
  say(cat(o.device, ", ", threads(), threads() == 1 ? " thread" : " threads", ", run folder ", o.out));
  try {
    train::Progress progress(stdout, train::progress_for(stdout, quiet));
    pretrain.train(progress, &folder);
    pretrain.evaluate([&](const char* what) { tell(what); });
  } catch (const Error& error) {
    folder.log(cat("error: ", error.what()));
    throw;
  }
  const auto& result = pretrain.result();
  folder.write_result(result.to_json());
  if (o.evaluate) say("\n" + train::render(result.to_table()));
  tell(cat("trained in ", train::duration(result.seconds), ", ", train::number("%.0f", result.images_per_second),
           " images/s; embedding std ", train::number("%.3f", result.embedding_std), ", RankMe ", train::number("%.1f", result.rankme)));
}

int run(ProgramOptions p) {
  p.run.device = parse_device(p.device);
  check(p.threads >= 0, "pretrain", "--threads must be >= 0, got ", p.threads);
  if (p.threads > 0) set_threads(p.threads);
  for (const auto& text : p.params) p.run.params.push_back(parse_param(text));
  const bool quiet = p.quiet || p.json == "-";
  const auto say = [&](const std::string& text) { if (!quiet) std::printf("%s\n", text.c_str()), std::fflush(stdout); };

  train::Pretrain pretrain(p.run);
  const auto& o = pretrain.options();
  train::RunFolder folder(o.out, o.overwrite ? train::IfExists::overwrite : train::IfExists::refuse);
  folder.write_config(pretrain.config(), {o.seed, threads(), p.device});
  train_and_evaluate(pretrain, folder, quiet, say);

  const std::string json = io::to_json(pretrain.result().to_json(), 2) + "\n";
  if (p.json == "-") std::fputs(json.c_str(), stdout);
  else if (!p.json.empty()) io::write_file(p.json, json);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Learns image features without labels, then measures them with a linear probe and kNN.");
  ProgramOptions options;
  define(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
