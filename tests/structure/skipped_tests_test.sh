#!/bin/bash
# The end of ./build.sh test: what was skipped and why, from ctest's log.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=cmake/scripts/skipped_tests.sh
. "$root/cmake/scripts/skipped_tests.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

entry() { # entry NUMBER NAME LINE...: one test of ctest's log
  printf '%s/4 Testing: %s\n%s/4 Test: %s\nOutput:\n' "$1" "$2" "$1" "$2"
  printf '%s\n' "${@:3}" '<end of output>' 'Test Passed.' '----------'
}
{
  entry 1 'exam: one' 'All tests passed (3 assertions in 1 test case)'
  entry 3 'data: three' '' '/a/b_test.cpp:25: SKIPPED:' 'explicitly with message:' '  "/long/path/' '  ..' '  /data.csv" is not' '  there' '' \
    '=====' 'test cases: 1 | 1 skipped' 'assertions: - none -'
  entry 2 'exam: two' '/a/c_test.cpp:2: SKIPPED:' 'explicitly with message:' '  needs root' '' '=====' 'test cases: 1 | 1 skipped'
  entry 4 'data: four' '/a/b_test.cpp:25: SKIPPED:' 'explicitly with message:' '  needs root' '' '=====' 'test cases: 1 | 1 skipped'
} > "$work/log"
skipped_tests "$work/log" > "$work/found"
cat > "$work/expected" << 'END'
1 of 4 tests ran, 3 skipped:
  "/long/path/../data.csv" is not there
      data: three
  needs root
      exam: two
      data: four
END
diff "$work/expected" "$work/found"

printf '%s\n' '1/1 Test: a' '' '100% tests passed, 0 tests failed out of 1' '' 'Total Test time' | hold_ending "$work/ending" > "$work/before"
diff <(printf '%s\n' '1/1 Test: a' '') "$work/before"
diff <(printf '%s\n' '100% tests passed, 0 tests failed out of 1' '' 'Total Test time') "$work/ending"
