# Kernels for GPUs: PTX by clang for two generations of devices. PTX 6.5 has mma.m16n8k8 and ldmatrix, 7.0 sm_80; every
# driver since 450 reads both and compiles them for its device.
find_program(SCIEXAM_CLANG NAMES $ENV{CLANGXX} clang++ clang++-19 clang++-14 REQUIRED)
set(SCIEXAM_ARCHITECTURES 75 80)

# sciexam_ptx(SOURCE PREFIX DEPENDS...): PREFIX_75.ptx and PREFIX_80.ptx of SOURCE; DEPENDS are the files it includes.
function(sciexam_ptx source prefix)
  foreach(target "75 65" "80 70")
    separate_arguments(target)
    list(GET target 0 architecture)
    list(GET target 1 version)
    add_custom_command(
      OUTPUT ${prefix}_${architecture}.ptx
      COMMAND ${SCIEXAM_CLANG} -x cuda --cuda-path=/nonexistent --cuda-device-only --cuda-gpu-arch=sm_${architecture}
              -Xclang -target-feature -Xclang +ptx${version} -nocudainc -nocudalib -std=c++20 -O3 -Wall -Wextra
              $<$<BOOL:${SCIEXAM_WERROR}>:-Werror> -S
              ${source} -o ${prefix}_${architecture}.ptx
      DEPENDS ${source} ${ARGN} VERBATIM COMMAND_EXPAND_LISTS)
  endforeach()
endfunction()
