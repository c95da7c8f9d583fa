// Runs that are killed and go on end with the bits of a run that was never interrupted.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <akin/io/json_parser.hpp>
#include <akin/train/training_state.hpp>
#include <cstdio>

#include "support/programs.hpp"
#include "support/test.hpp"

namespace akin {
namespace {

using test::Outcome;

class Resume : public test::Programs {
 protected:
  /// The events of the run, or minus the signal that ended it.
  long train(const std::string& name, long fatal_event) {
    const std::string command = cat("'" AKIN_RESUME_RUNNER "' '", folder_ / name, "' ", fatal_event, " > '",
                                    captured_ / "out", "' 2> '", captured_ / "err", "'");
    const int status = std::system(("exec " + command).c_str());
    EXPECT_EQ(io::read_file(captured_ / "err"), "");
    return WIFSIGNALED(status) ? -WTERMSIG(status) : std::atol(io::read_file(captured_ / "out").c_str());
  }

  /// Tensor by tensor, for the name of the one that differs; then every byte of both files.
  void expect_same_checkpoints(const std::string& a, const std::string& b) {
    for (const auto* name : {"last", "encoder"}) {
      const std::string of_a = folder_ / (a + "/checkpoints/" + name + ".safetensors"),
                        of_b = folder_ / (b + "/checkpoints/" + name + ".safetensors");
      const io::TensorFile file = io::read_tensors(of_b);
      for (const auto& [tensor, array] : io::read_tensors(of_a).tensors) {
        SCOPED_TRACE(tensor);
        expect_close(array, file.at(tensor), tol::exact);
      }
      EXPECT_TRUE(io::read_file(of_a) == io::read_file(of_b)) << name;
    }
  }

  /// metrics.csv without the columns of time.
  std::string metrics(const std::string& run) {
    std::string kept, text = io::read_file(folder_ / (run + "/metrics.csv"));
    for (std::size_t begin = 0, end; begin < text.size(); begin = end + 1) {
      end = text.find('\n', begin);
      std::size_t cut = text.rfind(',', end);
      cut = text.rfind(',', cut - 1);
      kept += text.substr(begin, cut - begin) + "\n";
    }
    return kept;
  }
};

TEST_F(Resume, IsBitwiseAfterTwentyKills) {
  const long events = train("whole", 0);
  // 3 epochs of 7 batches, each seen by the encoder and its target in two views; 4 steps per epoch.
  ASSERT_EQ(events, 3 * 7 * 4 + 3 * 4);
  const long per_epoch = events / 3;
  int killed = 0;
  for (const long at : {1L,
                        2L,
                        3L,
                        8L,
                        9L,
                        10L,
                        17L,
                        20L,
                        per_epoch - 1,
                        per_epoch,
                        per_epoch + 1,
                        per_epoch + 7,
                        45L,
                        51L,
                        2 * per_epoch - 1,
                        2 * per_epoch,
                        2 * per_epoch + 1,
                        80L,
                        events - 1,
                        events}) {
    SCOPED_TRACE(cat("killed at event ", at, " of ", events));
    const std::string name = cat("killed", at);
    ASSERT_EQ(train(name, at), -SIGKILL);
    ASSERT_GT(train(name, 0), 0);
    expect_same_checkpoints("whole", name);
    EXPECT_EQ(metrics(name), metrics("whole"));
    ++killed;
  }
  std::printf("%d runs killed and resumed, every tensor and byte the same\n", killed);
}

TEST_F(Resume, IsBitwiseHoweverOftenARunIsKilled) {
  train("whole", 0);
  int kills = 0;
  for (; train("killed", 30) < 0;) ASSERT_LT(++kills, 20);  // each gets one checkpoint further
  EXPECT_GE(kills, 3);
  expect_same_checkpoints("whole", "killed");
}

TEST_F(Resume, GoesOnFromThePreviousCheckpointWhenTheLastIsDamaged) {
  train("whole", 0);
  ASSERT_EQ(train("killed", 60), -SIGKILL);
  const std::string last = folder_ / "killed/checkpoints/last.safetensors";
  std::string bytes = io::read_file(last);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  io::write_file(last, bytes);
  ASSERT_GT(train("killed", 0), 0);
  expect_same_checkpoints("whole", "killed");
  EXPECT_NE(io::read_file(folder_ / "killed/log.txt").find("last.safetensors' is damaged"), std::string::npos);
}

// ---- the program ----------------------------------------------------------------------------------------------------

const std::string data = "--data synthetic --holdout 64 --batch-size 32 --no-eval --epochs 3 ",
                  options = data + "--limit 128 ";

TEST_F(Resume, PretrainStopsOnASignalAndGoesOn) {
  ASSERT_EQ(pretrain(options + "--quiet --out whole").code, 0);
  for (const int signal : {SIGTERM, SIGINT}) {
    const std::string name = cat("stopped", signal);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {  // becomes pretrain itself
      const std::string command = cat("cd '", folder_.path(), "' && exec '" AKIN_PROGRAMS "/pretrain' ", options,
                                      "--save-every 1 --quiet --out ", name);
      ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    const std::string metrics_file = folder_ / (name + "/metrics.csv");
    for (int i = 0; i < 60'000 && (::access(metrics_file.c_str(), F_OK) != 0 ||
                                   io::read_file(metrics_file).find("\n0,") == std::string::npos);
         ++i)
      ::usleep(1000);
    ASSERT_EQ(::kill(child, signal), 0);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 128 + signal);
    EXPECT_NE(io::read_file(folder_ / (name + "/log.txt")).find("stopped and saved; go on with"), std::string::npos);
    ASSERT_EQ(pretrain(options + "--quiet --resume --out " + name).code, 0);
    EXPECT_NE(io::read_file(folder_ / (name + "/log.txt")).find("going on at step "), std::string::npos);
    expect_same_checkpoints("whole", name);
  }
}

TEST_F(Resume, PretrainStartsWhereThereIsNothingYetAndEndsWhereAllIsDone) {
  ASSERT_EQ(pretrain(options + "--quiet --out a").code, 0);
  const Outcome first = pretrain(options + "--resume --out b");
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_NE(first.out.find("no checkpoint yet: starting from the beginning"), std::string::npos) << first.out;
  expect_same_checkpoints("a", "b");
  const std::string result = io::read_file(folder_ / "b/result.json");
  const Outcome again = pretrain(options + "--resume --out b --workers 2 --threads 1");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_NE(again.out.find("going on at step 12"), std::string::npos) << again.out;
  expect_same_checkpoints("a", "b");
  EXPECT_EQ(metrics("a"), metrics("b"));
  EXPECT_EQ(io::read_file(folder_ / "b/result.json"), result) << "nothing is measured again";
}

TEST_F(Resume, PretrainRefusesAnotherRunAndNamesWhatDiffers) {
  ASSERT_EQ(pretrain(options + "--quiet --out a").code, 0);
  const auto before = snapshot();
  const Outcome refused =
      pretrain(options + "--quiet --resume --out a --lr 0.3 --param temperature=0.1 --seed 1 --encoder resnet18");
  EXPECT_EQ(refused.code, 1);
  for (const auto* text :
       {"resume: the run in 'a' was begun differently:\n", "\n  seed: 0, now 1\n", "\n  lr: 0.12, now 0.3\n",
        "\n  params.temperature: 0.2, now 0.1\n", "\n  encoder: \"convnet\", now \"resnet18\"\n"})
    EXPECT_NE(refused.err.find(text), std::string::npos) << text << refused.err;
  const Outcome fewer = pretrain(data + "--quiet --resume --out a --limit 96");
  EXPECT_NE(fewer.err.find("\n  data_crc32c: \""), std::string::npos) << fewer.err;
  EXPECT_NE(fewer.err.find("\n  images: 128, now 96\n"), std::string::npos) << fewer.err;
  EXPECT_EQ(snapshot(), before);
  EXPECT_EQ(pretrain(options + "--resume --overwrite --out a").code, 1);
  io::make_folders(folder_ / "other");
  io::write_file(folder_ / "other/letter.txt", "mine");
  const Outcome foreign = pretrain(options + "--resume --out other");
  EXPECT_NE(foreign.err.find("'other' is not empty, but holds no run of akin"), std::string::npos) << foreign.err;
  EXPECT_EQ(folder_.names("other"), "letter.txt");
}

}  // namespace
}  // namespace akin
