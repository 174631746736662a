# Every library from elsewhere, as an imported target of ours:
#   sciexam::torch sciexam::sentencepiece sciexam::utf8proc sciexam::zstd
#   sciexam::crypto sciexam::json sciexam::valijson sciexam::cli11 sciexam::minizip sciexam::bzip2 Catch2
# What Debian ships as a static archive is taken from the system; the rest lies
# in SCIEXAM_DEPS, made by cmake/*/build.sh from sources locked in sources.lock.
find_package(Threads REQUIRED)

function(sciexam_system_library name archive header)
  find_library(SCIEXAM_${name}_ARCHIVE NAMES ${archive} REQUIRED)
  find_path(SCIEXAM_${name}_INCLUDE NAMES ${header} REQUIRED)
  add_library(sciexam::${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(sciexam::${name} INTERFACE ${SCIEXAM_${name}_ARCHIVE})
  target_include_directories(sciexam::${name} SYSTEM INTERFACE ${SCIEXAM_${name}_INCLUDE})
endfunction()

sciexam_system_library(crypto libcrypto.a openssl/sha.h)
sciexam_system_library(zstd libzstd.a zstd.h)
sciexam_system_library(utf8proc libutf8proc.a utf8proc.h)
sciexam_system_library(stemmer libstemmer.a libstemmer.h)
sciexam_system_library(zlib libz.a zlib.h)
sciexam_system_library(bzip2 libbz2.a bzlib.h)
sciexam_system_library(minizip libminizip.a minizip/unzip.h)
target_link_libraries(sciexam::minizip INTERFACE sciexam::zlib)
target_compile_definitions(sciexam::utf8proc INTERFACE UTF8PROC_STATIC)

add_library(sciexam::json INTERFACE IMPORTED GLOBAL)
find_path(SCIEXAM_json_INCLUDE NAMES nlohmann/json.hpp REQUIRED)
target_include_directories(sciexam::json SYSTEM INTERFACE ${SCIEXAM_json_INCLUDE})

add_library(sciexam::valijson INTERFACE IMPORTED GLOBAL)
find_path(SCIEXAM_valijson_INCLUDE NAMES valijson/validator.hpp HINTS ${SCIEXAM_DEPS}/valijson/include REQUIRED)
target_include_directories(sciexam::valijson SYSTEM INTERFACE ${SCIEXAM_valijson_INCLUDE})

add_library(sciexam::cli11 INTERFACE IMPORTED GLOBAL)
find_library(SCIEXAM_cli11_ARCHIVE NAMES libCLI11.a HINTS ${SCIEXAM_DEPS}/cli11/lib REQUIRED)
find_path(SCIEXAM_cli11_INCLUDE NAMES CLI/CLI.hpp HINTS ${SCIEXAM_DEPS}/cli11/include REQUIRED)
target_link_libraries(sciexam::cli11 INTERFACE ${SCIEXAM_cli11_ARCHIVE})
target_compile_definitions(sciexam::cli11 INTERFACE CLI11_COMPILE)
target_include_directories(sciexam::cli11 SYSTEM INTERFACE ${SCIEXAM_cli11_INCLUDE})

add_library(sciexam::sentencepiece INTERFACE IMPORTED GLOBAL)
find_library(SCIEXAM_sentencepiece_ARCHIVE NAMES libsentencepiece.a HINTS ${SCIEXAM_DEPS}/sentencepiece/lib REQUIRED)
set(SCIEXAM_SENTENCEPIECE_VERSION 0.1.97) # no header says it
find_path(SCIEXAM_sentencepiece_INCLUDE NAMES sentencepiece_processor.h HINTS ${SCIEXAM_DEPS}/sentencepiece/include REQUIRED)
target_link_libraries(sciexam::sentencepiece INTERFACE ${SCIEXAM_sentencepiece_ARCHIVE} Threads::Threads)
target_include_directories(sciexam::sentencepiece SYSTEM INTERFACE ${SCIEXAM_sentencepiece_INCLUDE})

add_library(sciexam::torch INTERFACE IMPORTED GLOBAL)
if(SCIEXAM_WITHOUT_NETWORK)
  # nothing that is built links it
elseif(SCIEXAM_LIBTORCH)
  # Not by find_package(Torch): that wants the CUDA toolkit, of a version that suits CMake, where LibTorch was
  # built for CUDA. No CUDA code of ours is compiled, and libtorch.so loads what it needs.
  foreach(library torch torch_cpu c10)
    find_library(SCIEXAM_${library}_SHARED NAMES lib${library}.so PATHS ${SCIEXAM_LIBTORCH}/lib NO_DEFAULT_PATH REQUIRED)
    target_link_libraries(sciexam::torch INTERFACE ${SCIEXAM_${library}_SHARED})
  endforeach()
  # libtorch.so has no symbol that we call, but its dependencies are the devices' code. CUDA's own libraries
  # may be known to the loader alone.
  target_link_options(sciexam::torch INTERFACE -Wl,--no-as-needed -Wl,--allow-shlib-undefined)
  target_include_directories(sciexam::torch SYSTEM INTERFACE ${SCIEXAM_LIBTORCH}/include
                                                             ${SCIEXAM_LIBTORCH}/include/torch/csrc/api/include)
  target_compile_definitions(sciexam::torch INTERFACE SCIEXAM_STOCK_LIBTORCH)
else()
  find_library(SCIEXAM_dnnl_ARCHIVE NAMES libdnnl.a HINTS ${SCIEXAM_DEPS}/onednn/lib REQUIRED)
  add_library(dnnl STATIC IMPORTED GLOBAL)
  set_target_properties(dnnl PROPERTIES IMPORTED_LOCATION ${SCIEXAM_dnnl_ARCHIVE})
  find_package(LibTorchStatic REQUIRED HINTS ${SCIEXAM_DEPS}/libtorch/lib/cmake/LibTorchStatic)
  target_link_libraries(sciexam::torch INTERFACE LibTorchStatic::torch)
  target_include_directories(sciexam::torch SYSTEM INTERFACE ${SCIEXAM_DEPS}/onednn/include)
endif()

if(BUILD_TESTING AND NOT SCIEXAM_FUZZERS)
  find_package(Catch2 3 REQUIRED HINTS ${SCIEXAM_DEPS}/catch2)
  include(Catch)
endif()
