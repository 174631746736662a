// The dictionary of terms: read from front to back, and searched. The first byte says how many shards there are; the
// file behind its marker follows.
#include "checked_bytes.hpp"
#include "retrieval/index/term_dictionary.hpp"
#include "support/errors.hpp"

#include <vector>

using namespace sciexam;
using namespace sciexam::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1)
    return 0;
  const CheckedBytes file(kTermsMarker, {reinterpret_cast<const char*>(data) + 1, size - 1});
  std::vector<std::string> terms = {"a", "zz", std::string(9, '\xFF')};
  try {
    const TermDictionary dictionary(file.open(kTermsMarker), 1 + data[0] % kMostShards);
    try {
      dictionary.for_each([&](std::string_view term, const TermRecord&) { terms.emplace_back(term); });
    } catch (const PackageError&) { // what comes before the damage can be looked for
    }
    for (const std::string& term : terms)
      try {
        dictionary.find(term);
      } catch (const PackageError&) {
      }
  } catch (const PackageError&) {
  }
  return 0;
}
