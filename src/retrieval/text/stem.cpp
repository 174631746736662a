#include "retrieval/text/stem.hpp"

#include "support/errors.hpp"

#include <cstddef>

#include <libstemmer.h>

namespace sciexam::inline retrieval {

Stemmer::Stemmer() : stemmer_(sb_stemmer_new("english", "UTF_8")) {
  if (!stemmer_)
    throw InternalError("libstemmer has no English stemmer");
}

std::string_view Stemmer::stem(std::string_view word) {
  const sb_symbol* stem =
      sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
  if (stem == nullptr)
    throw WorkError("memory ran out while a word was stemmed. Close other programs, or use fewer threads");
  return {reinterpret_cast<const char*>(stem), static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
}

void Stemmer::Delete::operator()(sb_stemmer* stemmer) const noexcept {
  sb_stemmer_delete(stemmer);
}

} // namespace sciexam::inline retrieval
