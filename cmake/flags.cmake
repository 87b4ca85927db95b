# Compiler flags of every target of ours (style: warnings are errors in dev, asan, tsan).
add_library(wad_flags INTERFACE)
target_include_directories(wad_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(wad_flags INTERFACE _GNU_SOURCE WAD_VERSION="${PROJECT_VERSION}")
target_compile_options(wad_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes
  -Wold-style-definition -Wwrite-strings -Wcast-qual -Wpointer-arith -Wformat=2 -Wvla -Wundef
  -Wnull-dereference -Wdouble-promotion -Wdate-time -Wno-missing-field-initializers
  -fno-omit-frame-pointer)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(wad_flags INTERFACE
    -Wcast-align=strict -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wimplicit-fallthrough=5)
endif()
if(WAD_WERROR)
  target_compile_options(wad_flags INTERFACE -Werror)
endif()
if(WAD_CRASH_POINTS)
  target_compile_definitions(wad_flags INTERFACE WAD_CRASH_POINTS=1)
endif()
if(WAD_SANITIZE)
  add_compile_options(-fsanitize=${WAD_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WAD_SANITIZE})
  if(WAD_SANITIZE MATCHES "address")
    add_compile_definitions(WA_ARENA_DEBUG=1)
  endif()
endif()
if(WAD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(WAD_HARDEN)
  add_compile_options(-D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection
    -fcf-protection -ftrivial-auto-var-init=zero)
  add_link_options(-Wl,-z,relro,-z,now -pie)
endif()
