# cmake -DGIT=... -DSOURCE=DIR -DHEADER=FILE -P revision.cmake: writes the revision of a checkout into a header, which stays
# as it is where that has not changed. A tree without git is "unknown".
cmake_minimum_required(VERSION 3.25)
set(REVISION unknown)
if(GIT)
  execute_process(COMMAND ${GIT} describe --always --dirty --exclude=* WORKING_DIRECTORY ${SOURCE}
                  OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(REVISION ${found})
  endif()
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define SCIEXAM_REVISION \"@REVISION@\"\n" @ONLY)
