// What tests ask about markup.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::test {

/// Empty if every tag is closed in its order, attributes are quoted and not
/// doubled, every '&' begins an entity and no '<' or '>' stands in text; else
/// what is wrong and where. Stricter than HTML: elements without content must end in "/>".
std::string markup_fault(std::string_view markup);

std::size_t count(std::string_view text, std::string_view part);

/// The contents of every element of that name that holds text alone, as written.
std::vector<std::string> texts_of(std::string_view markup, std::string_view element);

} // namespace sciexam::test
