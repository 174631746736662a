// The helper as a program, and the client that starts it.
#include "checkpoint/parameters.hpp"
#include "gpu/device_process.hpp"
#include "gpu/device_set.hpp"
#include "gpu/device_support.hpp"
#include "gpu/helper/helper_image.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using Catch::Matchers::StartsWith;

namespace {

namespace fs = std::filesystem;

constexpr double kTimeout = 20;

/// An environment variable for the helpers that are started while it lives.
class Setting {
public:
  Setting(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;
  ~Setting() { ::unsetenv(name_); }

private:
  const char* name_;
};

fs::path write_helper(const TemporaryFolder& folder) {
  const fs::path file = folder / "helper";
  std::ofstream(file, std::ios::binary) << helper_image();
  fs::permissions(file, fs::perms::owner_all);
  return file;
}

std::string output_of(const std::string& command) {
  std::string text;
  if (std::FILE* pipe = ::popen(command.c_str(), "r")) {
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
      text.push_back(static_cast<char>(c));
    ::pclose(pipe);
  }
  return text;
}

constexpr DeviceLimits kTinyLimits{.tokens = 64, .sequences = 5, .longest = 64};

/// One layer without relative attention.
DebertaConfig tiny_config() {
  DebertaConfig config;
  config.vocab_size = 8;
  config.hidden_size = config.embedding_size = config.intermediate_size = config.pooler_hidden_size = 32;
  config.num_hidden_layers = config.num_attention_heads = 1;
  config.position_biased_input = false;
  return config;
}

/// Process ids of this process's helpers.
std::vector<pid_t> helpers() {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream status(entry.path() / "stat"), line(entry.path() / "cmdline");
    std::string pid, name, state, parent, command;
    if (status >> pid >> name >> state >> parent && parent == std::to_string(::getpid()) &&
        std::getline(line, command, '\0') && command == "sciexam-gpu-helper")
      found.push_back(std::stoi(pid));
  }
  return found;
}

} // namespace

TEST_CASE("the helper needs only the C library, 2.34 or newer") {
  const TemporaryFolder folder;
  const fs::path helper = write_helper(folder);
  const std::string symbols = output_of("objdump -T " + helper.string() + " 2>/dev/null");
  const std::string needed = output_of("objdump -p " + helper.string() + " 2>/dev/null");
  if (symbols.empty())
    SKIP("no objdump");
  static const std::regex version("GLIBC_2\\.([0-9]+)"), library("NEEDED +(\\S+)");
  int newest = 0, libraries = 0;
  for (std::sregex_iterator at(symbols.begin(), symbols.end(), version), end; at != end; ++at)
    newest = std::max(newest, std::stoi((*at)[1]));
  CHECK(newest <= 34);
  CHECK(newest >= 14); // memcpy's: the text does contain versions
  for (std::sregex_iterator at(needed.begin(), needed.end(), library), end; at != end; ++at, ++libraries) {
    INFO((*at)[1]);
    CHECK(std::regex_match((*at)[1].str(), std::regex("lib(c|m)\\.so\\.6|ld-linux-x86-64\\.so\\.2")));
  }
  CHECK(libraries >= 1);
}

TEST_CASE("the helper runs from a file in a root that holds only the loader and the C library") {
  if (::geteuid() != 0)
    SKIP("another root needs root privileges");
  const TemporaryFolder root;
  for (const fs::path file :
       {"/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libm.so.6"}) {
    if (!fs::exists(file))
      SKIP("no " << file);
    fs::create_directories(root.path() / file.parent_path().relative_path());
    fs::copy_file(file, root.path() / file.relative_path());
  }
  const TemporaryFolder outside;
  std::FILE* said = std::fopen((outside / "said").c_str(), "w+");
  const pid_t child = ::fork();
  if (child == 0) {
    std::string text = "cannot change the root";
    if (::chroot(root.path().c_str()) == 0 && ::chdir("/") == 0)
      try {
        DeviceProcess(0, "/", kTimeout).facts();
        text = "a driver was found";
      } catch (const std::exception& error) {
        text = error.what();
      }
    std::fputs(text.c_str(), said);
    std::fclose(said);
    std::_Exit(0);
  }
  ::waitpid(child, nullptr, 0);
  std::rewind(said);
  char text[512] = {};
  CHECK(std::fgets(text, sizeof text, said) != nullptr);
  std::fclose(said);
  CHECK_THAT(text, ContainsSubstring("no NVIDIA driver: libcuda.so.1: cannot open shared object file"));
  for (const auto& entry : fs::directory_iterator(root.path()))
    CHECK(fs::is_directory(entry)); // the helper's file is gone
}

TEST_CASE("a device says what it is") {
  const Setting library("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER), two("SCIEXAM_EMULATED_DEVICES", "2");
  DeviceProcess device(1, {}, kTimeout);
  const protocol::DeviceFacts& facts = device.facts();
  CHECK(facts.ordinal == 1);
  CHECK(facts.count == 2);
  CHECK(facts.compute_capability >= 75);
  CHECK(facts.total_memory >= facts.free_memory);
  CHECK(facts.free_memory > 0);
  CHECK_THAT(device.name(), ContainsSubstring("GPU 1 ("));
}

TEST_CASE("the reason why a device is not used is given: no driver, an old one, no such device") {
  const auto why = [](const std::string& library) {
    const Setting setting("SCIEXAM_CUDA_LIBRARY", library);
    DeviceSet devices({}, {});
    CHECK(devices.open().empty());
    REQUIRE(devices.findings().size() == 1);
    CHECK_FALSE(devices.findings().front().used);
    return devices.findings().front().text;
  };
  CHECK_THAT(why("/nowhere/libcuda.so.1"), StartsWith("none used: no NVIDIA driver: /nowhere/libcuda.so.1: "));
  CHECK_THAT(why(SCIEXAM_DRIVER_WITHOUT_LAUNCH), ContainsSubstring("lacks cuLaunchKernel"));
  const Setting library("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER);
  DeviceSet devices({.insists = true, .ordinals = {0, 5}}, {});
  CHECK(devices.open().size() == 1);
  CHECK(devices.disappoints());
  CHECK(devices.findings().at(0).used);
  CHECK_THAT(devices.findings().at(1).text, StartsWith("not used: GPU 5: no such device: the driver has 1"));
}

TEST_CASE("a reason that applies to all devices is given once") {
  const Setting library("SCIEXAM_CUDA_LIBRARY", "/nowhere/libcuda.so.1");
  DeviceSet devices({.insists = true, .ordinals = {0, 1, 2}}, {});
  CHECK(devices.open().empty());
  CHECK(devices.findings().size() == 1);
  CHECK(devices.disappoints());
}

TEST_CASE("the devices after one that cannot be opened are found all the same") {
  const Setting library("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER), three("SCIEXAM_EMULATED_DEVICES", "3"),
      busy("SCIEXAM_EMULATED_FAULTS", "busy@1:0");
  DeviceSet devices({}, {});
  CHECK(devices.open().size() == 2);
  REQUIRE(devices.findings().size() == 3);
  CHECK_THAT(devices.findings()[0].text, ContainsSubstring("CUDA_ERROR_DEVICE_UNAVAILABLE"));
  CHECK_FALSE(devices.disappoints());
}

TEST_CASE("a killed helper is reported as such, and later calls fail at once") {
  const Setting library("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER);
  DeviceProcess device(0, {}, kTimeout);
  device.facts();
  REQUIRE(helpers().size() == 1);
  ::kill(helpers().front(), SIGKILL);
  CHECK_THROWS_MATCHES(device.finish_loading(false), DeviceError,
                       MessageMatches(ContainsSubstring("was ended by signal 9")));
  CHECK_FALSE(device.alive());
  CHECK_THROWS_AS(device.finish_loading(false), DeviceError);
  CHECK(helpers().empty());
}

TEST_CASE("a device that is lost while several threads load it fails in each of them") {
  const Setting library("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER);
  DeviceProcess device(0, {}, kTimeout);
  device.facts();
  device.open_network(network_shape(tiny_config()), kTinyLimits, {});
  std::atomic<int> failed = 0, loaded = 0;
  const std::vector<std::byte> bytes(4);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        try {
          while (device.alive()) {
            device.load("classifier.bias", 0, DeviceElement::f32, bytes);
            ++loaded;
          }
          ++failed; // another thread saw it first
        } catch (const DeviceError&) {
          ++failed;
        }
      });
    while (loaded < 100)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ::kill(helpers().at(0), SIGKILL);
  }
  CHECK(failed == 4);
  CHECK_FALSE(device.alive());
}

TEST_CASE("a helper that does not answer is killed when its time is up") {
  const Setting library("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER);
  DeviceProcess device(0, {}, 0.2);
  ::usleep(100'000);
  REQUIRE(helpers().size() == 1);
  ::kill(helpers().front(), SIGSTOP);
  CHECK_THROWS_MATCHES(
      [&] {
        device.facts();
        device.finish_loading(false);
      }(),
      DeviceError, MessageMatches(ContainsSubstring("did not answer for 1 s")));
  CHECK(helpers().empty());
}

TEST_CASE("a helper ignores a terminal's signals, and ends with its client") {
  const Setting library("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER);
  {
    DeviceProcess device(0, {}, kTimeout);
    device.facts();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
      ::kill(helpers().at(0), signal);
    CHECK_THROWS_MATCHES(device.finish_loading(false), DeviceError, MessageMatches(ContainsSubstring("no network")));
  }
  CHECK(helpers().empty());
}

TEST_CASE("a network that was loaded in part and is opened again takes a complete model") {
  const Setting library("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER);
  const DebertaConfig config = tiny_config();
  DeviceProcess device(0, {}, kTimeout);
  device.facts();
  const auto open = [&] { device.open_network(network_shape(config), kTinyLimits, {}); };
  const auto load = [&](const TensorInfo& tensor) {
    device.load(tensor.name, 0, DeviceElement::f32, std::vector<std::byte>(tensor.elements() * 4));
  };
  const std::vector<TensorInfo> parameters = parameters_of(config);
  open();
  load(parameters.front()); // then the file's next frame is damaged
  open();
  for (const TensorInfo& tensor : parameters)
    load(tensor);
  CHECK_NOTHROW(device.finish_loading(false));
}

TEST_CASE("the option --device has five forms") {
  CHECK(parse_device_choice("auto").gpus);
  CHECK_FALSE(parse_device_choice("cpu").gpus);
  CHECK(parse_device_choice("cuda").insists);
  CHECK(parse_device_choice("cuda:3").ordinals == std::vector<int>{3});
  CHECK(parse_device_choice("cuda:1,0").ordinals == std::vector<int>{1, 0});
  for (const char* wrong :
       {"", "gpu", "cuda:", "cuda:x", "cuda:0,", "cuda:0,0", "cuda:-1", "cuda:0 ", "CUDA", "cuda:64"}) {
    INFO(wrong);
    CHECK_THROWS_AS(parse_device_choice(wrong), UsageError);
  }
}
