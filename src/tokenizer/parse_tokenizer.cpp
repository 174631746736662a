#include "tokenizer/parse_tokenizer.hpp"

#include "tokenizer/sentencepiece_model.hpp"
#include "tokenizer/tokenizer_json.hpp"

namespace sciexam::inline tokenizer {

bool is_tokenizer_json(std::string_view bytes, const std::filesystem::path& file) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  return file.extension() == ".json" || bytes.starts_with("{") || bytes.starts_with(kByteOrderMark);
}

TokenizerDefinition parse_tokenizer(std::string_view bytes, const std::filesystem::path& file) {
  return is_tokenizer_json(bytes, file) ? parse_tokenizer_json(bytes, file)
                                        : definition_of(parse_sentencepiece_model(bytes, file), file);
}

} // namespace sciexam::inline tokenizer
