// tokenizer.json: whatever it says, it is understood or refused; what is understood is written and read as the same,
// and gives ids of its vocabulary.
#include "support/errors.hpp"
#include "tokenizer/tokenizer.hpp"
#include "tokenizer/tokenizer_json.hpp"
#include "tokenizer/tokenizer_json_writer.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace sciexam;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    const TokenizerDefinition definition = parse_tokenizer_json(text, "tokenizer.json");
    const std::string again = write_tokenizer_json(definition);
    if (!difference(parse_tokenizer_json(again, "tokenizer.json"), definition).empty())
      std::abort();
    const Tokenizer tokenizer(definition, "tokenizer.json");
    for (const char* sample :
         {"", " a  b\n", "[CLS] \u00BD e\u0301 \u3000A,[SEP]x\u1DF6\u0338", "\u2581\u2581aa ab\u0130"})
      for (const std::int32_t id : tokenizer.encode(sample, sample).ids)
        if (id < 0 || id >= tokenizer.vocabulary_size())
          std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
