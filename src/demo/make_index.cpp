// A step of the build: the demo's encyclopedia -> the index that the program carries.
// make_index ENCYCLOPEDIA.jsonl FOLDER
#include "retrieval/build/build_index.hpp"
#include "support/messages/progress.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc != 3) {
    std::fprintf(stderr, "usage: make_index ENCYCLOPEDIA.jsonl FOLDER\n");
    return 2;
  }
  try {
    sciexam::set_quiet(true);
    fs::remove_all(argv[2]);
    sciexam::build_index({.files = {fs::path(argv[1])},
                          .folder = argv[2],
                          .title = "the demo's encyclopedia",
                          .created_by = "sciexam's build",
                          .licence = "Apache-2.0",
                          .attribution = "Written for sciexam"});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_index: %s\n", error.what());
    return 1;
  }
  return 0;
}
