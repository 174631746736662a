#include "catch_beside_torch.hpp"
#include "checkpoint/parameters.hpp"
#include "inference/answering.hpp"
#include "inference/loading.hpp"
#include "model/answering_reference.hpp"
#include "model/tiny_networks.hpp"
#include "package/tiny_package.hpp"
#include "support/errors.hpp"

#include <ATen/Parallel.h>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

EncodedQuestion encoded_question(int length) {
  EncodedQuestion question;
  for (Encoding& encoding : question) {
    for (int i = 0; i < length; ++i)
      encoding.ids.push_back((7 * i + length) % 20);
    encoding.type_ids.assign(encoding.ids.size(), 0);
  }
  return question;
}

/// Only the calling thread asks whether to stop: without other threads it is certain how often.
class OneThread {
public:
  OneThread() { at::set_num_threads(1); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() { at::set_num_threads(threads_); }

private:
  int threads_ = at::get_num_threads();
};

} // namespace

TEST_CASE("a batch that is told to stop ends without answers, and does not ask again") {
  AnsweringReference network(random_network(tiny_config()));
  const std::vector<EncodedQuestion> questions = {encoded_question(5), encoded_question(9)};
  int asked = 0;
  CHECK_FALSE(answer_batch(network, questions, {0, 1}, [&] { return ++asked == 2; }));
  CHECK(asked == 2);
  const auto answers = answer_batch(network, questions, {1, 0}, [] { return false; });
  REQUIRE(answers);
  REQUIRE(answers->size() == 2);
  CHECK((*answers)[0] == answer_batch(network, questions, {1})->at(0));
  CHECK((*answers)[0] != (*answers)[1]);
}

TEST_CASE("whether to stop is asked many times within each layer of a long question") {
  const OneThread one_thread;
  const std::vector<EncodedQuestion> questions = {encoded_question(700)};
  const DebertaConfig config = tiny_config();
  for (const bool packed : {true, false}) {
    const DebertaForMultipleChoice reference = random_network(config);
    AnsweringReference plain(reference);
    const std::unique_ptr<AnsweringNetwork> packed_network = packed_copy(reference);
    AnsweringNetwork& network = packed ? *packed_network : plain;
    int asked = 0;
    const auto count = [&] { return ++asked < 0; };
    REQUIRE(answer_batch(network, questions, {0}, count));
    INFO((packed ? "packed" : "not packed"));
    CHECK(asked > 4 * config.num_hidden_layers);
    const int all = asked;
    asked = 0;
    CHECK_FALSE(answer_batch(network, questions, {0}, [&] { return ++asked == all; })); // within the last layer
    CHECK(asked == all);
  }
}

TEST_CASE("bf16 is refused for a package with a model that cannot be packed, before any is loaded") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 3);
  std::string config = read_file(request.models[1].folder / "config.json");
  config.replace(config.find("gelu"), 4, "gelu_new");
  write_file(request.models[1].folder / "config.json", config);
  pack(request);
  const Package package = Package::open(request.output);
  CHECK_NOTHROW(require_precision(package, Precision::as_stored));
  CHECK_THROWS_WITH(require_precision(package, Precision::bf16),
                    "model run_1 (hidden_act gelu_new) cannot answer in bf16. Give --precision auto");
  CHECK_THROWS_AS(require_precision(package, Precision::bf16), UsageError);
}

TEST_CASE("in bf16 the layers' weights take half the memory of f32, and no less than in f16") {
  const DebertaConfig config = tiny_config();
  const auto needed = [&](DType stored, Precision precision) { return answering_memory(config, stored, precision, 0); };
  std::uint64_t in_layers = 0;
  for (const TensorInfo& tensor : parameters_of(config))
    if (tensor.name.starts_with("deberta.encoder.layer."))
      in_layers += tensor.elements();
  // Twice: the weights and, of so small a model, the file as it is read.
  CHECK(needed(DType::f32, Precision::as_stored) - needed(DType::f32, Precision::bf16) == 2 * 2 * in_layers);
  CHECK(needed(DType::f16, Precision::bf16) == needed(DType::f16, Precision::as_stored));
}
