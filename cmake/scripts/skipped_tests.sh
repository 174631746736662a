# shellcheck shell=bash
# What ctest says of skipped tests is only that they were; their own output says why.

# hold_ending FILE: copies standard input, but ctest's closing lines go to FILE.
hold_ending() {
  awk -v file="$1" '/^[0-9]+% tests passed, / { held = 1 }
    held { print > file; next }
    { print; fflush() }'
}

# skipped_tests LOG: from ctest's LastTest.log, how many tests ran, and those that were skipped under each reason.
skipped_tests() {
  awk '
    /^[0-9]+\/[0-9]+ Testing: / { name = $0; sub(/^[0-9]+\/[0-9]+ Testing: /, "", name); all++; reason = ""; reading = 0 }
    /: SKIPPED:$/ { reading = 1; next }
    reading && /^explicitly with message:$/ { next }
    reading && (/^$/ || /^[=~.-]+$/) { reading = 0 }
    reading {
      sub(/^ +/, "")
      # Catch2 breaks lines after spaces, and in paths.
      reason = reason (reason == "" || reason ~ /[\/-]$/ || /^\// ? "" : " ") $0
    }
    /^test cases: +[0-9]+ \| +[0-9]+ skipped$/ {
      skipped++
      if (!(reason in names)) reasons[++count] = reason
      names[reason] = names[reason] "\n      " name
    }
    END {
      printf "%d of %d tests ran", all - skipped, all
      print skipped ? ", " skipped " skipped:" : "."
      for (i = 1; i <= count; i++) print "  " reasons[i] names[reasons[i]]
    }' "$1"
}
