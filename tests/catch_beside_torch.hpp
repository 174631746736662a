// Catch2 in files that use LibTorch, whose logging header takes the name CHECK.
#pragma once

#include <c10/util/Logging.h>
#undef CHECK
#include <catch2/catch_test_macros.hpp>
