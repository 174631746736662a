// Catch2 for files that use LibTorch, whose logging header takes the name CHECK: include it instead of Catch2,
// anywhere in the list.
#pragma once

#include <c10/util/Logging.h>
#undef CHECK
#include <catch2/catch_test_macros.hpp>
