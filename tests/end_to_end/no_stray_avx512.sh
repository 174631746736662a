#!/bin/bash
# no_stray_avx512.sh PROGRAM: AVX-512 instructions occur only in functions that are chosen by what the CPU can do.
# Elsewhere (in an inline function whose copy from the AVX-512 kernels the linker took) they kill the program on
# every CPU without them, and no test on a CPU with them would notice.
set -euo pipefail
chosen='AVX512|anonymous namespace|_GLOBAL__N_|_ZGVe|evex|avx512|_GLOBAL__sub_I' # kernels; glibc's own
names=$(objdump -d --no-show-raw-insn "$1" |
  awk '/^[0-9a-f]+ <.*>:$/ { name = $2 }
       /%zmm|%k[1-7]|%[xy]mm(1[6-9]|2[0-9]|3[01])/ { found[name] = 1 }
       END { for (name in found) print name }' | c++filt)
stray=$(grep -vE "$chosen" <<< "$names" || true)
if [ -n "$stray" ]; then
  echo "AVX-512 code that nothing guards:"
  echo "$stray"
  exit 1
fi
if ! grep -q AVX512 <<< "$names"; then
  echo "no AVX-512 kernels at all: is this the right program?"
  exit 1
fi
