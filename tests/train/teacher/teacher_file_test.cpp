#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"
#include "train/teacher/teacher_file.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using sciexam::test::TemporaryFolder;

namespace {

TeacherAnswers some_answers() {
  return {"identity",
          {{"a.csv", {{{1, 2, 3, 4, 5}}, {{-1, 0, 1, 2, 3}, {5, 4, 3, 2, 1}}}}, {"b.csv", {{{9, 8, 7, 6, 5}}}}}};
}

} // namespace

TEST_CASE("a teacher's answers are read back as they were written, several to a question that has contexts") {
  const TemporaryFolder folder;
  write_teacher_answers(folder / "t.safetensors", some_answers());
  const TeacherAnswers read = read_teacher_answers(folder / "t.safetensors");
  CHECK(read.identity == "identity");
  CHECK((read.files == some_answers().files));
}

TEST_CASE("a file of a teacher's answers that is torn, damaged or another is refused, and never read as answers") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "t.safetensors";
  write_teacher_answers(file, some_answers());
  const std::string whole = read_text_file(file);
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    write_file_atomically(file, whole.substr(0, length));
    CHECK_THROWS_AS(read_teacher_answers(file), InputError);
  }
  std::string changed = whole;
  changed[changed.size() - 4] = 9; // the last file's contexts: more than there are
  write_file_atomically(file, changed);
  CHECK_THROWS_AS(read_teacher_answers(file), InputError);
  changed = whole;
  changed.replace(changed.find("identity\""), 8, "idemtity");
  write_file_atomically(file, changed);
  CHECK_THROWS_AS(read_teacher_answers(file), InputError);
}
