#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <akin/train/training_state.hpp>
#include <csignal>
#include <random>

#include "support/folder.hpp"
#include "support/sanitized.hpp"
#include "support/shim_calls.hpp"
#include "support/test.hpp"

namespace akin::train {
namespace {

/// A state that says of itself which step it is of: every value is the step's number.
std::vector<nn::NamedTensor> tensors_of(std::int64_t step, std::int64_t size = 1000) {
  return {{"encoder.weight", Tensor(Array::full({size}, static_cast<double>(step)))},
          {"optimizer/momentum/encoder.weight", Tensor(Array::full({7}, static_cast<double>(step), DType::f64))}};
}
TrainingPosition position_of(std::int64_t step) {
  return {.epoch = step / 10,
          .batch = step % 10,
          .step = step,
          .skipped = 3,
          .skipped_in_a_row = 1,
          .epoch_loss = 1.0 / 3,
          .epoch_batches = 2,
          .loss = std::nan(""),
          .embedding_std = 0.1};
}
void save(const RunFolder& folder, std::int64_t step) { save_state(folder, tensors_of(step), position_of(step)); }

/// Loads and expects that every value is of the step that the position names. Returns it.
std::int64_t step_of(RunFolder& folder) {
  const TrainingState state = load_state(folder, [](const std::string&) {});
  if (!state.found()) return -1;
  for (const auto& [name, array] : state.file.tensors)
    for (std::int64_t i = 0; i < array.size(); ++i) EXPECT_EQ(at(array, i), static_cast<double>(state.position.step));
  return state.position.step;
}

void damage(const std::string& path) {
  std::string bytes = io::read_file(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  io::write_file(path, bytes);
}

TEST(TrainingState, GivesEveryNumberOfThePositionBack) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  EXPECT_EQ(step_of(run), -1) << "nothing was saved yet";
  save(run, 12);
  const TrainingState state = load_state(run, [](const std::string&) {});
  EXPECT_EQ(state.path, run.checkpoint("last"));
  const TrainingPosition &p = state.position, want = position_of(12);
  EXPECT_EQ(detail::to_text(p), detail::to_text(want));
  EXPECT_EQ(p.epoch_loss, want.epoch_loss);
  EXPECT_TRUE(std::isnan(p.loss));
  EXPECT_EQ(state.file.metadata.at("epochs"), "1");
}

TEST(TrainingState, WritesTheSameBytesForTheSameState) {
  const test::Folder folder;
  RunFolder a(folder / "a"), b(folder / "b");
  save(a, 5);
  save(b, 5);
  EXPECT_EQ(io::read_file(a.checkpoint("last")), io::read_file(b.checkpoint("last")));
}

TEST(TrainingState, ADamagedCheckpointIsSetAsideAndThePreviousOneUsed) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  save(run, 1);
  save(run, 2);
  damage(run.checkpoint("last"));
  std::string said;
  EXPECT_EQ(load_state(run, [&](const std::string& text) { said = text; }).position.step, 1);
  EXPECT_NE(said.find("last.safetensors' is damaged: its CRC-32C is "), std::string::npos) << said;
  EXPECT_NE(said.find("going on from the checkpoint before it, of step 1"), std::string::npos) << said;
  EXPECT_NE(io::read_file(folder / "run/log.txt").find("is damaged"), std::string::npos);
  EXPECT_EQ(folder.names("run/checkpoints"), "damaged.safetensors previous.safetensors");
  save(run, 2);
  EXPECT_EQ(step_of(run), 2);
  EXPECT_EQ(detail::read_state(run.checkpoint("previous")).position.step, 1) << "not replaced by a damaged file";
}

TEST(TrainingState, GoesOnFromThePreviousOneWhenTheLastOneIsMissing) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  save(run, 1);
  save(run, 2);
  io::FileCalls().remove(run.checkpoint("last").c_str());
  EXPECT_EQ(step_of(run), 1);
}

TEST(TrainingState, SaysSoWhenNoCheckpointIsWhole) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  save(run, 1);
  damage(run.checkpoint("last"));
  expect_error([&] { step_of(run); }, "there is no previous checkpoint to fall back to");
  EXPECT_EQ(folder.names("run/checkpoints"), "last.safetensors");
  io::write_file(run.checkpoint("previous"), "short");
  expect_error([&] { step_of(run); }, "resume: no checkpoint can be read:\n  load: '");
}

TEST(TrainingState, RefusesTensorsThatAreNoState) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  io::save_tensors(run.checkpoint("last"), tensors_of(1));
  expect_error([&] { step_of(run); }, "last.safetensors' holds tensors, but not the state of a training");
}

TEST(TrainingState, ASaveThatFailsLeavesAWholeCheckpointWhicheverCallFails) {
  for (const int code : {EIO, ENOSPC}) {
    bool failed = true;
    for (int fail_at = 0; failed; ++fail_at) {
      const test::Folder folder;
      RunFolder run(folder / "run");
      save(run, 1);
      save(run, 2);
      test::ShimCalls calls;
      calls.fail_at = fail_at;
      calls.code = code;
      failed = false;
      try {
        save_state(run, tensors_of(3), position_of(3), calls);
      } catch (const Error& error) {
        failed = true;
        EXPECT_NE(std::string(error.what()).find(io::errno_text(code)), std::string::npos) << error.what();
      }
      const bool renamed =
          calls.log.find('r') < calls.log.size() - 1;  // what fails after that fails too late to matter
      EXPECT_EQ(step_of(run), renamed ? 3 : 2) << calls.log;
      EXPECT_EQ(folder.names("run/checkpoints").find(".tmp-"), std::string::npos) << calls.log;
      ASSERT_LT(fail_at, 20);
    }
  }
}

TEST(TrainingState, AFullDiskLeavesAWholeCheckpoint) {
  const test::Folder folder;
  const std::string disk = folder / "disk";
  io::make_folders(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "needs the right to mount a tmpfs";
  {
    RunFolder run(disk + "/run");
    save_state(run, tensors_of(1, 50'000), position_of(1));
    save_state(run, tensors_of(2, 50'000), position_of(2));
    expect_error([&] { save_state(run, tensors_of(3, 200'000), position_of(3)); }, "No space left on device (");
    EXPECT_EQ(step_of(run), 2);
    EXPECT_EQ(folder.names("disk/run/checkpoints"), "last.safetensors previous.safetensors");
  }
  ::umount(disk.c_str());
}

TEST(TrainingState, AFileLimitLeavesAWholeCheckpoint) {  // as a full disk, without special rights
  const test::Folder folder;
  RunFolder run(folder / "run");
  save(run, 1);
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 4096, before.rlim_max };
  ::setrlimit(RLIMIT_FSIZE, &small);
  expect_error([&] { save_state(run, tensors_of(2, 50'000), position_of(2)); }, "cannot write");
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(step_of(run), 1);
}

TEST(TrainingState, AThousandKillsDuringSavesLeaveNoDamagedCheckpoint) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  save(run, 1);
  std::mt19937 random(5);
  std::int64_t step = 1;
  int in_the_middle = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      try {
        for (std::int64_t next = step + 1;; ++next) save_state(run, tensors_of(next, 100'000), position_of(next));
      } catch (...) {
        ::_exit(1);
      }
    }
    ::usleep(static_cast<useconds_t>(random() % (test::sanitized ? 30'000 : 6000)));  // there a child starts slowly
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const TrainingState state = detail::read_state(run.checkpoint("last"));  // the last one itself: no falling back
    ASSERT_GE(state.position.step, step);
    ASSERT_EQ(at(state.file.at("encoder.weight"), 99'999 % state.file.at("encoder.weight").size()),
              static_cast<double>(state.position.step));
    step = state.position.step;
    in_the_middle += folder.names("run/checkpoints").find(".tmp-") != std::string::npos;
    detail::remove_temporaries(folder / "run");  // as resuming does
    ASSERT_EQ(folder.names("run/checkpoints").find(".tmp-"), std::string::npos);
  }
  std::printf("1000 kills, %d of them while a file was being written; %d saves were completed; 0 damaged\n",
              in_the_middle, static_cast<int>(step));
  EXPECT_GT(in_the_middle, 0) << "no kill came while a file was being written";
}

}  // namespace
}  // namespace akin::train
