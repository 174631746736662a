// Takes out of an article what is about its sources rather than its subject.
#pragma once

#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

/// The text without
/// - sections headed References, External links, See also, Further reading, Notes, Sources and the like, where headings
///   are marked ("== References =="): each to the next other heading of its rank or above. Notes and Sources may also
///   be what an article is about, so that they only go where nothing but such sections follows;
/// - in a text without marks, everything from the first line that consists of such a name alone, if it is in the text's
///   second half;
/// - the lines "Category: .." at its end.
std::string without_reference_sections(std::string_view text);

} // namespace sciexam::inline retrieval
