#include "retrieval/contexts/retrieval_record.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

namespace {

RetrievalRecord some_record() {
  RetrievalRecord record;
  record.program = "sciexam 1.2.3";
  record.index_sha256 = std::string(64, 'a');
  record.index_title = "Wikipedia";
  record.analyser = {{"name", "english"}, {"version", 1}};
  record.settings = {.form = QueryForm::each_option,
                     .fusion = Fusion::reciprocal_rank,
                     .passages = 7,
                     .contexts = 3,
                     .bm25 = {.k1 = 0.9, .b = 0.4}};
  record.in = {"train.csv", std::string(64, 'b')};
  record.out = {"train_context.csv", std::string(64, 'c')};
  record.degraded = {"a shard is left out"};
  return record;
}

} // namespace

TEST_CASE("a record of a retrieval is read as it was written") {
  const Json written = to_json(some_record());
  const RetrievalRecord read = parse_retrieval_record(written.dump(1), "x.csv.retrieval.json");
  CHECK(to_json(read) == written);
  CHECK(read.settings.form == QueryForm::each_option);
  CHECK(read.settings.contexts == 3);
  CHECK(read.out == RecordedFile{"train_context.csv", std::string(64, 'c')});
  CHECK(described(read) == "index aaaaaaaaaaaa (Wikipedia), each-option, fusion reciprocal-rank, top 7, 3 contexts, k1 "
                           "0.9, b 0.4, degraded");
  CHECK(retrieval_record_of("data/x.csv") == "data/x.csv.retrieval.json");
}

TEST_CASE("a record that says something else is refused with its path") {
  const auto fault_of = [](const char* pointer, const Json& value) {
    Json record = to_json(some_record());
    record[Json::json_pointer(pointer)] = value;
    try {
      parse_retrieval_record(record.dump(), "r.json");
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(fault_of("/program", "another").empty());
  CHECK_THAT(fault_of("/format", "sciexam-index"),
             ContainsSubstring("r.json, column $.format: is not sciexam-retrieval"));
  CHECK_THAT(fault_of("/version", 2), ContainsSubstring("$.version"));
  CHECK_THAT(fault_of("/more", 1), ContainsSubstring("more"));
  CHECK_THAT(fault_of("/index/sha256", "12"),
             ContainsSubstring("$.index.sha256: is not a sha256 of 64 lower-case hexadecimal digits"));
  CHECK_THAT(fault_of("/out/sha256", std::string(64, 'G')), ContainsSubstring("$.out.sha256: is not a sha256"));
  CHECK_THAT(fault_of("/index/analyser", 1), ContainsSubstring("$.index.analyser"));
  CHECK_THAT(fault_of("/settings/query_form", "options"),
             ContainsSubstring("$.settings.query_form: is \"options\", which this program does not know"));
  CHECK_THAT(fault_of("/settings/top", 0), ContainsSubstring("$.settings.top"));
  CHECK_THAT(fault_of("/settings/contexts", 17), ContainsSubstring("$.settings.contexts"));
  CHECK_THAT(fault_of("/settings/b", 1.5), ContainsSubstring("$.settings.b: is 1.5, which is out of range"));
  CHECK_THAT(fault_of("/degraded", Json::array({1})), ContainsSubstring("$.degraded[0]"));
  CHECK_THROWS_WITH(parse_retrieval_record("{", "r.json"), ContainsSubstring("r.json"));
}
