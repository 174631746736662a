#include "exam/contexts.hpp"
#include "exam/texts.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::StartsWith;

namespace {

using Texts = std::vector<std::string>;

/// The contexts of an exam's only question, whose columns of that kind are `header` and whose cells are `row`.
Texts contexts_of_row(const std::string& header, const std::string& row) {
  const Exam exam = exam_of("id,prompt,A,B,C,D,E," + header + "\n0,p,a,b,c,d,e," + row + "\n");
  const std::vector<std::string_view> contexts = contexts_of(exam.questions.at(0));
  return {contexts.begin(), contexts.end()};
}

} // namespace

TEST_CASE("a question may have several contexts, by their columns' numbers") {
  CHECK((contexts_of_row("context,context_2,context_3", "x,y,z") == Texts{"x", "y", "z"}));
  CHECK((contexts_of_row("context_3,context_2,note,context", "z,y,n,x") == Texts{"x", "y", "z"}));
  const Exam exam = exam_of("id,prompt,A,B,C,D,E,context,context_2\n0,p,a,b,c,d,e,x,y\n");
  CHECK(exam.questions[0].context == "x");
  CHECK((exam.questions[0].further_contexts == Texts{"y"}));
  CHECK(exam.unused_contexts.empty());
  CHECK(notes_on(exam).empty());
}

TEST_CASE("a cell without text is no context, and the first with text is the best") {
  CHECK((contexts_of_row("context,context_2,context_3", "x,,z") == Texts{"x", "z"}));
  CHECK((contexts_of_row("context,context_2,context_3", ",y,z") == Texts{"y", "z"}));
  CHECK((contexts_of_row("context,context_2,context_3", ",, ") == Texts{}));
  CHECK((contexts_of_row("context", "x") == Texts{"x"}));
  CHECK((contexts_of_row("context", "\" \"") == Texts{" "})); // as it is where it is the only one
}

TEST_CASE("columns of contexts after a gap are not used, and are named") {
  const Exam exam = exam_of("id,prompt,A,B,C,D,E,context,context_3,context_4\n0,p,a,b,c,d,e,x,y,z\n");
  CHECK(contexts_of(exam.questions.at(0)).size() == 1);
  CHECK((notes_on(exam) == Texts{"exam.csv: context_3, context_4 are not used: contexts are the columns context, "
                                 "context_2, ... without a gap, at most 16"}));
  const Exam none = exam_of("id,prompt,A,B,C,D,E,context_2\n0,p,a,b,c,d,e,x\n");
  CHECK_FALSE(none.has_context);
  CHECK(contexts_of(none.questions.at(0)).empty());
  CHECK_THAT(none.unused_contexts, StartsWith("exam.csv: context_2 is not used: "));
}

TEST_CASE("other names that begin like a context's are other columns; more than 16 contexts are not used") {
  CHECK((unused_context_columns(Texts{"context", "context_", "context_x", "context_2b", "contexts"}) == Texts{}));
  CHECK((unused_context_columns(Texts{"context", "context_02", "context_1"}) == Texts{"context_02", "context_1"}));
  Texts header;
  for (std::size_t number = 1; number <= kMostContexts + 1; ++number)
    header.push_back(context_column(number));
  CHECK((unused_context_columns(header) == Texts{"context_17"}));
}

TEST_CASE("a context's column that is there twice is refused") {
  CHECK_THAT(input_fault([] { exam_of("id,prompt,A,B,C,D,E,context,context_2,context_2\n0,p,a,b,c,d,e,x,y,z\n"); }),
             StartsWith("exam.csv, row 1, column context_2: the header names it twice"));
}
