// Words so frequent in English that they tell passages apart by nothing.
#pragma once

#include <string_view>

namespace sciexam::inline retrieval {

/// True for an English function word, in lower case and not stemmed.
bool is_stop_word(std::string_view word) noexcept;

} // namespace sciexam::inline retrieval
