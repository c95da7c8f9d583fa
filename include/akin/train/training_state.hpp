// The state of a training in its run folder: everything that a killed run needs to go on bit for bit.
//
//   checkpoints/last.safetensors      networks, optimizer ("optimizer/momentum/encoder.0.weight"), position (metadata)
//   checkpoints/previous.safetensors  the one before, for when the last one turns out to be damaged
//
// There is no generator to save: every random draw is a function of (seed, epoch, sample, view). Nor are there times:
// the same run writes the same bytes.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "../io/checkpoint.hpp"
#include "../io/json_parser.hpp"
#include "../methods/method.hpp"
#include "../optim/optimizer.hpp"
#include "run_folder.hpp"
#include "trainer_options.hpp"

namespace akin::inline AKIN_ABI::train {

/// Networks and optimizer under the names that the file gives them.
AKIN_LAZY std::vector<nn::NamedTensor> state_tensors(const methods::Method& method, const optim::Optimizer& optimizer) {
  std::vector<nn::NamedTensor> all = method.named_tensors();
  for (const auto& [name, tensor] : optimizer.named_state()) all.push_back({"optimizer/" + name, tensor});
  return all;
}

namespace detail {

AKIN_LAZY std::string to_text(const TrainingPosition& p) {
  return io::to_json(io::Json::Object{{"epoch", p.epoch},
                                      {"batch", p.batch},
                                      {"step", p.step},
                                      {"skipped", p.skipped},
                                      {"skipped_in_a_row", p.skipped_in_a_row},
                                      {"epoch_loss", p.epoch_loss},
                                      {"epoch_batches", p.epoch_batches},
                                      {"loss", p.loss},
                                      {"embedding_std", p.embedding_std}});
}

AKIN_LAZY TrainingPosition position_from(const std::string& text) {
  const io::Json json = io::parse_json(text);
  const auto number = [&](const char* name) {  // JSON has no NaN: the loss of an epoch of skipped steps is null
    const io::Json& value = json.at(name);
    return value.is_null() ? std::nan("") : value.number();
  };
  return {.epoch = json.at("epoch").integer(),
          .batch = json.at("batch").integer(),
          .step = json.at("step").integer(),
          .skipped = json.at("skipped").integer(),
          .skipped_in_a_row = json.at("skipped_in_a_row").integer(),
          .epoch_loss = number("epoch_loss"),
          .epoch_batches = json.at("epoch_batches").integer(),
          .loss = number("loss"),
          .embedding_std = number("embedding_std")};
}

}  // namespace detail

/// Replaces the last checkpoint; the one that was there becomes the previous one. Errors: whatever the system refuses;
/// the last checkpoint is then still the one of before.
template <class Calls = io::FileCalls>
void save_state(const RunFolder& folder, const std::vector<nn::NamedTensor>& tensors, const TrainingPosition& position,
                Calls&& calls = {}) {
  const std::map<std::string, std::string> facts = {
      {"akin", AKIN_VERSION}, {"epochs", std::to_string(position.epoch)}, {"position", detail::to_text(position)}};
  io::save_tensors(folder.checkpoint("last"), tensors, facts, folder.checkpoint("previous"), calls);
}

/// A checkpoint as it was read.
struct TrainingState {
  std::string path;  ///< empty: there is none
  io::TensorFile file;
  TrainingPosition position;

  bool found() const { return !path.empty(); }
};

namespace detail {

/// Errors: damaged; not a training state.
AKIN_LAZY TrainingState read_state(const std::string& path) {
  TrainingState state{path, io::read_tensors(path), {}};
  const auto position = state.file.metadata.find("position");
  check(position != state.file.metadata.end() && state.file.metadata.count("crc32c") == 1, "resume", "'", path,
        "' holds tensors, but not the state of a training");
  state.position = position_from(position->second);
  return state;
}

}  // namespace detail

/// The newest whole checkpoint. A damaged last one is set aside as damaged.safetensors, and the previous one takes its
/// place; say(text) is told, and the log. Errors: both are damaged.
template <class Say>
TrainingState load_state(RunFolder& folder, Say say) {
  const std::string last = folder.checkpoint("last"), previous = folder.checkpoint("previous");
  const bool has_last = io::kind_of(last) != io::PathKind::missing,
             has_previous = io::kind_of(previous) != io::PathKind::missing;
  if (!has_last && !has_previous) return {};
  std::string problem = cat("'", last, "' is missing");
  if (has_last) {
    try {
      return detail::read_state(last);
    } catch (const Error& error) {
      problem = error.what();
    }
  }
  check(has_previous, "resume", problem, "; there is no previous checkpoint to fall back to");
  TrainingState state;
  try {
    state = detail::read_state(previous);
  } catch (const Error& error) {
    throw Error(cat("resume: no checkpoint can be read:\n  ", problem, "\n  ", error.what()));
  }
  const std::string text =
      cat("warning: ", problem, "\nwarning: going on from the checkpoint before it, of step ", state.position.step);
  folder.log(text);
  say(text);
  // The damaged file must not become the previous one at the next save.
  if (has_last) io::rename_file(last, folder.checkpoint("damaged"));
  return state;
}

}  // namespace akin::inline AKIN_ABI::train
