// pretrain: learns image features without labels, then measures them.
//
//   pretrain --data fashion-mnist --method simclr --out runs/demo
#include <CLI/CLI.hpp>
#include <akin/akin.hpp>
#include <charconv>
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
  std::string device = "cpu", out = "runs/pretrain", json, seed = "0";
  std::vector<std::string> params;
  int threads = 0;
  bool overwrite = false, resume = false, quiet = false;
};

/// "temperature=0.5" -> {"temperature", 0.5}
std::pair<std::string, double> parse_param(const std::string& text) {
  const auto equals = text.find('=');
  char* end = nullptr;
  const double value = equals == text.npos ? 0 : std::strtod(text.c_str() + equals + 1, &end);
  check(end && end != text.c_str() + equals + 1 && *end == '\0', "pretrain", "--param expects name=number, got '", text,
        "'");
  return {text.substr(0, equals), value};
}

/// CLI11 would read -1 as 2^64 - 1, and 010 as 8.
std::uint64_t parse_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seed);
  check(failure == std::errc() && end == text.data() + text.size(), "pretrain",
        "--seed expects a whole number in 0 ... 2^64-1, got '", text, "'");
  return seed;
}

void define(CLI::App& app, ProgramOptions& p) {
  auto& o = p.run;
  app.set_version_flag("--version", "akin " AKIN_VERSION);
  app.add_option("--data", o.data,
                 "data set: " + names_in(data::table()) + "; or any folder of pictures, or a .npy file of them")
      ->capture_default_str();
  app.add_option("--data-folder", o.data_folder,
                 "where the files of a named data set are, if not in their usual place");
  app.add_option("--image-size", o.image_size,
                 "side in pixels of pictures from a folder, or of synthetic ones; 0 = 64, or 32")
      ->capture_default_str();
  app.add_flag("--strict", o.strict, "a picture that cannot be read is an error; without it, one in a hundred may be");
  app.add_option("--cache", o.cache, "where decoded pictures are kept for the next time; default: in their folder");
  app.add_option("--method", o.method, "method: " + names_in(methods::table()))->capture_default_str();
  app.add_option("--param", p.params, "parameter of the method, name=number; may be repeated")->allow_extra_args(false);
  app.add_option("--encoder", o.encoder, "network: " + names_in(nn::encoders()))->capture_default_str();
  app.add_option("--init", o.init, "start the encoder from these weights: safetensors, of akin or of PyTorch");
  app.add_option("--recipe", o.recipe,
                 "views: " + names_in(augment::table()) + "; default: demo for grey pictures, else the method's");
  app.add_option("--epochs", o.epochs, "passes over the training images")->capture_default_str();
  app.add_option("--batch-size", o.batch_size, "images per batch, each in two views")->capture_default_str();
  app.add_option("--optimizer", o.optimizer, "optimizer: " + names_in(train::optimizers()))->capture_default_str();
  app.add_flag("--nesterov", o.nesterov, "sgd or lars with Nesterov's momentum");
  app.add_option("--lr", o.lr,
                 "learning rate after warm-up; default: the method's, or the optimizer's if it is not sgd");
  app.add_option("--weight-decay", o.weight_decay, "not on norms and biases; default: as for --lr");
  app.add_option("--accumulate", o.accumulate, "batches per step; each keeps to its own negatives")
      ->capture_default_str();
  app.add_option("--clip-norm", o.clip_norm, "shorten gradients to this norm; 0 = never")->capture_default_str();
  app.add_flag("--bf16", o.bf16, "mixed precision: products and convolutions in bfloat16, weights in float");
  app.add_flag("--cuda-graph", o.cuda_graph, "with --device cuda: a training step as one launch, the same bits");
  app.add_flag("--gradient-checkpointing", o.gradient_checkpointing, "less memory, a third more time, the same bits");
  app.add_option("--limit", o.limit, "use only the first so many training images; 0 = all")->capture_default_str();
  app.add_option("--holdout", o.holdout, "evaluate on so many held-out training images instead of the test set")
      ->capture_default_str();
  app.add_option("--seed", p.seed, "same seed, same result")->capture_default_str();
  app.add_option("--threads", p.threads,
                 "threads for the computation; 0 = one per core; the result does not depend on it")
      ->capture_default_str();
  app.add_option("--workers", o.workers, "threads that prepare views ahead; 0 = none")->capture_default_str();
  app.add_option("--device", p.device, "cpu; cuda where the program was built for it")->capture_default_str();
  app.add_option("--out", p.out, "run folder: config, metrics, log, checkpoints")->capture_default_str();
  app.add_flag("--overwrite", p.overwrite, "replace the run that is in the folder");
  app.add_flag("--resume", p.resume, "go on with the run that is in the folder, begun with the same options");
  app.add_option("--save-every", o.save_every,
                 "also save every so many steps, besides after each epoch and when interrupted; 0 = not")
      ->capture_default_str();
  app.add_option("--json", p.json, "write the results to this file ('-' = standard output)");
  app.add_flag("!--no-eval", o.evaluate, "train only: no kNN, no linear probe");
  app.add_flag("--anomaly", o.anomaly, "stop at the first NaN or infinity and name its op and module: slow");
  app.add_flag("--quiet", p.quiet, "print only errors");
}

/// What the terminal and log.txt are told.
struct Voice {
  train::RunFolder& folder;
  bool quiet;
  void say(const std::string& text) const {
    if (!quiet) std::printf("%s\n", text.c_str()), std::fflush(stdout);
  }
  void tell(const std::string& text) const { folder.log(text), say(text); }
};

/// False if a signal ended the training before its time.
bool train_and_evaluate(train::Pretrain& pretrain, train::RunFolder& folder, const ProgramOptions& p,
                        const Voice& voice) {
  const auto& o = pretrain.options();
  voice.tell(cat(o.method, " on ", pretrain.train_set().name(), ": ", pretrain.train_set().size(), " images, ",
                 o.encoder, ", seed ", o.seed));
  voice.say(cat(o.device, ", ", threads(), threads() == 1 ? " thread" : " threads", ", run folder ", folder.path()));
  for (const auto& note : pretrain.notes()) voice.tell(note);
  if (p.resume) {
    const std::int64_t step = pretrain.resume(folder, [&](const std::string& text) { voice.say(text); });
    voice.tell(step > 0 ? cat("going on at step ", step) : "no checkpoint yet: starting from the beginning");
  }
  train::Progress progress(stdout, train::progress_for(stdout, voice.quiet));
  {
    const train::StopSignals signals;
    const bool done = pretrain.train(progress, &folder, train::StopSignals::received);
    if (train::StopSignals::received()) {
      voice.tell(done ? "stopped after the training; evaluate it with --resume"
                      : "stopped and saved; go on with the same command and --resume");
      return false;
    }
  }
  pretrain.evaluate([&](const char* what) { voice.tell(what); }, &folder);
  const auto& result = pretrain.result();
  if (o.evaluate) voice.say("\n" + train::render(result.to_table()));
  voice.tell(cat("trained in ", train::duration(result.seconds), ", ", train::number("%.0f", result.images_per_second),
                 " images/s; embedding std ", train::number("%.3f", result.embedding_std), ", RankMe ",
                 train::number("%.1f", result.rankme)));
  return true;
}

/// Options as the library takes them. Errors: one is out of range.
void resolve(ProgramOptions& p) {
  p.run.device = parse_device(p.device);
  p.run.seed = parse_seed(p.seed);
  check(p.threads >= 0, "pretrain", "--threads must be >= 0, got ", p.threads);
  if (p.threads > 0) set_threads(p.threads);
  for (const auto& text : p.params) p.run.params.push_back(parse_param(text));
}

/// What can be refused is refused before the earlier run in the folder is cleared, and before hours are spent. Returns
/// the exit code: 0, or 128 + the signal that ended the training.
int run(ProgramOptions p) {
  const bool empty = io::kind_of(p.out) == io::PathKind::missing || io::list_folder(p.out).empty();
  check(!p.overwrite || !p.resume, "pretrain", "--overwrite and --resume contradict each other");
  check(empty || p.overwrite || p.resume, "pretrain", "'", p.out,
        "' is not empty; go on with that run with --resume, replace it with --overwrite, or choose another --out");
  resolve(p);
  const bool quiet = p.quiet || p.json == "-", json_file = !p.json.empty() && p.json != "-";

  if (!quiet && data::is_path(p.run.data))
    std::printf("reading %s\n", train::printable(p.run.data).c_str()), std::fflush(stdout);
  train::Pretrain pretrain(p.run);
  if (json_file) io::make_folders(io::folder_of(p.json)), io::check_writable(p.json);
  const io::Json config = pretrain.config();
  const train::RunFacts facts{p.run.seed, threads(), p.device};
  const auto before = p.resume ? train::compare_runs(p.out, config, facts) : train::RunComparison{};
  train::RunFolder folder(p.out, p.overwrite ? train::IfExists::overwrite
                                 : p.resume  ? train::IfExists::resume
                                             : train::IfExists::refuse);
  const Voice voice{folder, quiet};
  if (!before.begun) folder.write_config(config, facts);
  for (const auto& line : before.warnings) voice.tell("warning: last digits may differ, since this run had " + line);
  bool done = false;
  folder.watch([&] { done = train_and_evaluate(pretrain, folder, p, voice); });
  if (!done) return 128 + train::StopSignals::signal();

  const std::string json = io::to_json(pretrain.result().to_json(), 2) + "\n";
  if (p.json == "-") std::fputs(json.c_str(), stdout);
  if (json_file) io::write_file(p.json, json);
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
    std::fprintf(stderr, "error: %s\n", train::printable_lines(error.what()).c_str());
    return 1;
  }
}
