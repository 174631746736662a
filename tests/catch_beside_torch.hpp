// Catch2 in files that use LibTorch, whose logging header takes the name CHECK: included in any place instead of
// Catch2.
#pragma once

#include <c10/util/Logging.h>
#undef CHECK
#include <catch2/catch_test_macros.hpp>
