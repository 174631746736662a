// Where one user-perceived character ends and the next begins.
#pragma once

#include <cstddef>
#include <string_view>

namespace sciexam::inline tokenizer {

/// Bytes of the extended grapheme cluster that `text` begins with (UAX #29 of
/// Unicode 17, as the tokenizers library has it). `text` must be well-formed
/// UTF-8 and not empty. utf8proc decides; what its releases with an older
/// Unicode lack is added here, except that the newest marks are not known
/// inside an Indic conjunct.
std::size_t grapheme_cluster_length(std::string_view text);

} // namespace sciexam::inline tokenizer
