// The English Snowball stemmer ("Porter 2"), by libstemmer.
#pragma once

#include <memory>
#include <string_view>

struct sb_stemmer;

namespace sciexam::inline retrieval {

/// For one thread at a time.
class Stemmer {
public:
  /// Throws InternalError if the library lacks the algorithm.
  Stemmer();

  /// The stem of a word in lower case (UTF-8); valid until the next call. Throws WorkError if memory runs out.
  std::string_view stem(std::string_view word);

private:
  struct Delete {
    void operator()(sb_stemmer* stemmer) const noexcept;
  };
  std::unique_ptr<sb_stemmer, Delete> stemmer_;
};

} // namespace sciexam::inline retrieval
