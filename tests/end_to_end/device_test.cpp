// The whole program on emulated GPUs.
#include "end_to_end/emulated_gpu.hpp"
#include "end_to_end/program.hpp"
#include "package/manifest.hpp"
#include "package/tiny_package.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

constexpr double kMargin = 2e-3; // of probabilities: closer ones may change places
constexpr const char* kLost = "It is no longer used";

/// A few questions, answered by the small package.
class DeviceRun {
public:
  explicit DeviceRun(std::size_t questions) {
    std::ifstream source(kSmallExam);
    std::string exam;
    for (std::string line; exam_lines_ <= questions && std::getline(source, line); ++exam_lines_)
      exam += line + "\n";
    write_bytes(folder_ / "test.csv", exam);
  }

  ProgramResult operator()(const Environment& environment, const std::string& device = "auto") const {
    return run_command({program(), "--package", package, "--test", folder_ / "test.csv", "--output",
                        folder_ / "out.csv", "--probabilities", folder_ / "p.csv", "--device", device},
                       {}, environment);
  }
  std::string submission() const { return read_bytes(folder_ / "out.csv"); }
  fs::path folder() const { return folder_.path(); }

  fs::path package = kSmallPackage;

  /// "id,model" -> its five probabilities.
  std::map<std::string, std::vector<double>> probabilities() const {
    std::map<std::string, std::vector<double>> all;
    std::istringstream lines(read_bytes(folder_ / "p.csv"));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      const std::size_t end = line.find(',', line.find(',') + 1);
      std::istringstream numbers(line.substr(end + 1, line.rfind(',') - end - 1)); // without the question's hash
      for (std::string number; std::getline(numbers, number, ',');)
        all[line.substr(0, end)].push_back(std::stod(number));
    }
    return all;
  }

private:
  TemporaryFolder folder_;
  std::size_t exam_lines_ = 0;
};

/// The exam on the CPU: what every other run is compared with.
class Reference {
public:
  explicit Reference(const DeviceRun& run) {
    const ProgramResult result = run({}, "cpu");
    INFO(result.err);
    REQUIRE(result.status == 0);
    submission_ = run.submission();
    probabilities_ = run.probabilities();
  }

  /// The same order where the reference's probabilities are not nearly equal, and nothing missing.
  void check(const DeviceRun& run) const {
    std::istringstream found(run.submission()), expected(submission_);
    std::string a, b;
    while (std::getline(expected, b)) {
      REQUIRE(std::getline(found, a));
      INFO(a << " instead of " << b);
      if (a != b)
        CHECK(closest(b.substr(0, b.find(','))) < kMargin);
    }
    CHECK_FALSE(std::getline(found, a));
    const auto probabilities = run.probabilities();
    REQUIRE(probabilities.size() == probabilities_.size());
    for (const auto& [key, numbers] : probabilities_)
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        INFO(key);
        CHECK(std::abs(probabilities.at(key)[i] - numbers[i]) < kMargin);
      }
  }

private:
  double closest(const std::string& id) const {
    std::vector<double> p = probabilities_.at(id + ",ensemble");
    std::sort(p.begin(), p.end());
    double least = 1;
    for (std::size_t i = 1; i < p.size(); ++i)
      least = std::min(least, p[i] - p[i - 1]);
    return least;
  }

  std::string submission_;
  std::map<std::string, std::vector<double>> probabilities_;
};

/// Ends one helper of the run that writes into `folder`, if there is one.
bool kill_a_helper(const fs::path& folder) {
  const auto command_of = [](const std::string& process) {
    std::ifstream file("/proc/" + process + "/cmdline", std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream status(entry.path() / "stat");
    std::string process, name, state, parent;
    if (status >> process >> name >> state >> parent && command_of(process).starts_with("sciexam-gpu-helper") &&
        command_of(parent).find(folder.string()) != std::string::npos)
      return ::kill(std::stoi(process), SIGKILL) == 0;
  }
  return false;
}

} // namespace

TEST_CASE("one and two devices give the CPU's order of answers") {
  const DeviceRun run(8);
  const Reference reference(run);
  for (const int devices : {1, 2}) {
    const ProgramResult result = run(emulated({}, devices));
    INFO(result.err);
    CHECK(result.status == 0);
    CHECK_THAT(result.err, ContainsSubstring("GPU: GPU 0 (") && ContainsSubstring("probe of run_2: 10 logits") &&
                               ContainsSubstring("against the CPU in f32: 10 logits"));
    CHECK((result.err.find("GPU: GPU 1 (") != std::string::npos) == (devices == 2));
    CHECK_THAT(result.err, !ContainsSubstring("not used"));
    reference.check(run);
  }
}

TEST_CASE("without a driver one line says so, and the run is as on the CPU") {
  const DeviceRun run(2);
  const Reference reference(run);
  const std::string by_cpu = run.submission();
  Environment too_old = emulated();
  too_old.insert(too_old.begin(), "SCIEXAM_EMULATED_DRIVER=10.2"); // the first of a name counts
  const std::vector<std::pair<Environment, std::string>> cases = {
      {{"SCIEXAM_CUDA_LIBRARY=/nowhere/libcuda.so.1"}, "no NVIDIA driver: /nowhere/libcuda.so.1: cannot open"},
      {emulated({}, 1, SCIEXAM_DRIVER_WITHOUT_LAUNCH_FOLDER), "NVIDIA's driver lacks cuLaunchKernel"},
      {emulated({}, 0), "NVIDIA's driver does not start: CUDA_ERROR_NO_DEVICE"},
      {too_old, "NVIDIA's driver is for CUDA 10.2, and 11.0 (driver 450) is the minimum"}};
  for (const auto& [environment, message] : cases) {
    const ProgramResult result = run(environment);
    INFO(result.err);
    CHECK(result.status == 0);
    const std::size_t line = result.err.find("GPU: none used: " + message);
    REQUIRE(line != std::string::npos);
    CHECK(result.err.find("GPU: ", line + 8) == std::string::npos);
    CHECK(run.submission() == by_cpu);
  }
  CHECK_THAT(run({"SCIEXAM_CUDA_LIBRARY=/nowhere/libcuda.so.1"}, "cuda").err,
             ContainsSubstring("a GPU that --device asks for is not used"));
}

TEST_CASE("a driver that this user may not use is reported with the file that is in the way") {
  const std::vector<std::string> nobody = {"setpriv", "--reuid", "65534", "--clear-groups"};
  std::vector<std::string> command = {"unshare",
                                      "-m",
                                      "sh",
                                      "-c",
                                      "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && touch "
                                      "/dev/nvidiactl && chmod 0 /dev/nvidiactl && exec \"$@\"",
                                      "sh"};
  command.insert(command.end(), nobody.begin(), nobody.end());
  const auto run = [&](const std::vector<std::string>& rest) {
    std::vector<std::string> whole = command;
    whole.insert(whole.end(), rest.begin(), rest.end());
    return run_command(whole, {}, emulated({}, 0));
  };
  if (run({"test", "-x", program()}).status != 0 || run({"test", "-r", SCIEXAM_DRIVER_FOLDER}).status != 0)
    SKIP("this needs root privileges for namespaces, and a build that others may read");
  const ProgramResult result = run({program(), "doctor"});
  INFO(result.out << result.err);
  CHECK_THAT(result.out,
             ContainsSubstring("warning  GPU        none used: NVIDIA's driver does not start: CUDA_ERROR_NO_DEVICE") &&
                 ContainsSubstring("no permission to use /dev/nvidiactl"));
}

TEST_CASE("a GPU that another process holds leaves the work to the others") {
  const DeviceRun run(2);
  const Reference reference(run);
  const ProgramResult result = run(emulated("busy@1:0", 2));
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.err, ContainsSubstring("GPU: not used: GPU 0 (Emulated T4): opening the device: "
                                           "CUDA_ERROR_DEVICE_UNAVAILABLE") &&
                             ContainsSubstring("GPU: GPU 1 (Emulated T4): ") &&
                             ContainsSubstring("GPU 1 (Emulated T4): probe of run_2: 10 logits"));
  reference.check(run);
}

TEST_CASE("a model without a probe, or whose probe the GPU fails, is answered by the CPU") {
  DeviceRun run(2);
  const Reference reference(run);
  const TemporaryFolder folder;
  run.package = folder / "package";
  fs::copy(kSmallPackage, run.package);
  const fs::path file = run.package / "manifest.json";
  sciexam::Manifest manifest = sciexam::parse_manifest(read_bytes(file), file);
  manifest.models[0].probe.clear();
  manifest.models[1].probe[3].logit += 0.1;
  write_bytes(file, write_manifest(manifest));
  const ProgramResult result = run(emulated());
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.err, ContainsSubstring("precision: f16 with sums in f32 on GPUs, f32 on the CPU\n"));
  CHECK_THAT(result.err,
             ContainsSubstring("model run_0 is answered by the CPU alone: the package has no probe of it") &&
                 ContainsSubstring("gives wrong numbers for the probe of run_1") &&
                 ContainsSubstring("It is not used for this model: the CPU does its work") &&
                 ContainsSubstring("probe of run_2: 10 logits"));
  reference.check(run);
}

TEST_CASE("a device that lies, hangs, crashes, vanishes or has no memory is dropped, and all questions are answered") {
  const DeviceRun run(4);
  const Reference reference(run);
  struct Fault {
    std::string faults, message;
    bool lost = true; ///< for the whole run; otherwise for models that it gets wrong
    int devices = 1;
  };
  for (const Fault& fault :
       {Fault{"wrong@1", "gives wrong numbers", false}, Fault{"wrong@45", "gives wrong numbers"},
        Fault{"oom@1", "OUT_OF_MEMORY"}, Fault{"vanish@40", "GPU 0"}, Fault{"crash@40", "was ended by signal"},
        Fault{"hang@40", "did not answer for"}, Fault{"crash@60:1", "the other GPUs do its work", true, 2}}) {
    Environment environment = emulated(fault.faults, fault.devices);
    if (fault.faults.starts_with("hang"))
      environment.back() = "SCIEXAM_DEVICE_TIMEOUT=2";
    const ProgramResult result = run(environment);
    INFO(fault.faults << "\n" << result.err);
    CHECK(result.status == (fault.lost ? 3 : 0));
    CHECK_THAT(result.err,
               ContainsSubstring(fault.message) &&
                   ContainsSubstring(fault.lost ? "It is no longer used" : "It is not used for this model"));
    CHECK((result.out.find("degraded: ") != std::string::npos && result.out.find(kLost) != std::string::npos) ==
          fault.lost);
    reference.check(run);
  }
}

TEST_CASE("a model with a damaged frame does not cost later models the GPUs") {
  constexpr int kVocabulary = 70'000; // embeddings alone fill a frame
  DeviceRun run(3);
  const TemporaryFolder folder;
  run.package = folder / "package";
  std::vector<std::string> pack = {"pack",  "--tokenizer", kSmallPackage / "spm.model",
                                   "--out", run.package,   "--models"};
  for (const char* name : {"a", "b", "c"}) {
    write_checkpoint(folder / name, kVocabulary);
    pack.push_back(folder / name);
  }
  const ProgramResult packed = sciexam_run(pack);
  INFO(packed.err);
  REQUIRE(packed.status == 0);
  const fs::path first = run.package / "run_0.safetensors.zst";
  flip_bit(first, 8 * (fs::file_size(first) - 1000)); // of the last frame
  const ProgramResult result = run(emulated({}, 2));
  INFO(result.out << result.err);
  CHECK(result.status == 3);
  CHECK_THAT(result.out, ContainsSubstring("degraded: model run_0 was left out") && !ContainsSubstring(kLost));
  for (const char* device : {"GPU 0", "GPU 1"})
    for (const char* model : {"run_1", "run_2"})
      CHECK_THAT(result.err, ContainsSubstring(std::string(device) + " (Emulated T4): probe of " + model));
  CHECK_THAT(result.err, !ContainsSubstring(kLost));
}

TEST_CASE("a helper that is killed at any moment leaves its work to others") {
  const DeviceRun run(6);
  const Reference reference(run);
  std::mt19937 random(7); // NOLINT: the same moments in every run
  for (int round = 0; round < 3; ++round) {
    std::atomic<bool> over = false;
    const auto wait = std::chrono::milliseconds(std::uniform_int_distribution<int>(5, 900)(random));
    std::jthread killer([&] {
      std::this_thread::sleep_for(wait);
      while (!over && !kill_a_helper(run.folder()))
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    });
    const ProgramResult result = run(emulated({}, 1 + round % 2));
    over = true;
    INFO("after " << wait.count() << " ms\n" << result.err);
    CHECK(result.status == (result.err.find(kLost) != std::string::npos ? 3 : 0)); // it may not have been open yet
    reference.check(run);
  }
}

TEST_CASE("a wrong --device is reported before anything is written") {
  const DeviceRun run(1);
  const ProgramResult result = run({}, "cuda:x");
  CHECK(result.status == 2);
  CHECK_THAT(result.err, ContainsSubstring("'cuda:x' is not a device. Give auto, cpu, cuda"));
  CHECK_FALSE(fs::exists(run.folder() / "out.csv"));
  const ProgramResult from_environment = run_command({program(), "--demo"}, {}, {"SCIEXAM_DEVICE=tpu"});
  CHECK(from_environment.status == 2);
  CHECK_THAT(from_environment.err, ContainsSubstring("SCIEXAM_DEVICE: 'tpu' is not a device"));
  CHECK(run_command({program(), "--demo"}, {}, {"SCIEXAM_DEVICE="}).status == 0); // as if it were not set
}

TEST_CASE("doctor lists the GPUs") {
  CHECK_THAT(run_command({program(), "doctor"}, {}, emulated({}, 2)).out,
             ContainsSubstring("GPU        GPU 0 (") && ContainsSubstring("GPU        GPU 1 ("));
  CHECK_THAT(run_command({program(), "doctor"}, {}, emulated("busy@1:0")).out,
             ContainsSubstring("warning  GPU        not used: GPU 0 (") &&
                 ContainsSubstring("`nvidia-smi` lists what else uses it"));
}
