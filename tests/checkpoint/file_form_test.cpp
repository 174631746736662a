#include "checkpoint/file_form.hpp"
#include "checkpoint/written_files.hpp"
#include "support/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

TEST_CASE("the forms that are read are recognised by their first bytes") {
  CHECK(recognise_form(bytes_of(small_safetensors({"a"})), "x") == FileForm::safetensors);
  CHECK(recognise_form(bytes_of("PK\x03\x04..."), "x") == FileForm::pytorch);
  CHECK(recognise_form(bytes_of(legacy_file(pickle::whole("}"), {})), "x") == FileForm::pytorch);
}

TEST_CASE("files that are not weights are refused, naming what they are") {
  const auto check = [](const std::string& content, const std::string& message) {
    CHECK_THROWS_MATCHES(recognise_form(bytes_of(content), "x.bin"), InputError,
                         MessageMatches(ContainsSubstring("x.bin: " + message)));
  };
  check("", "is empty");
  check("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "is a Git LFS pointer");
  check("<!DOCTYPE html>\n<html>", "is a web page");
  check("\xEF\xBB\xBF\n  <html>", "is a web page");
  check(std::string(257, '\0') + "ustar  ", "is a tar file");
  check("\x1F\x8B\x08...", "is a gzip archive. Unpack it with gunzip");
  check("\x28\xB5\x2F\xFD...", "is a zstd archive");
  check("\x89HDF\r\n\x1A\n", "is an HDF5 file");
  check("\x80\x04N.", "is a pickle, but not one of torch.save");
  check("PAR1\x15", "is a Parquet table. Give a model.safetensors or a pytorch_model.bin");
  check("something else", "is neither a safetensors file nor a checkpoint of PyTorch");
}
