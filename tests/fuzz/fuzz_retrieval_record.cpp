// FILE.retrieval.json: whatever the bytes, a record that can be written out and read again, or an InputError.
#include "retrieval/contexts/retrieval_record.hpp"
#include "support/errors.hpp"

#include <cstdint>
#include <cstdlib>

using namespace sciexam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const RetrievalRecord record = parse_retrieval_record(text, "fuzz");
    const Json again = to_json(record);
    if (to_json(parse_retrieval_record(again.dump(), "again")) != again || described(record).empty())
      std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
