# EBB_SANITIZE is PUBLIC: a sanitizer that sees only half of a program reports what is not there (thread)
# or misses what is (address).
set(EBB_SANITIZE_FLAGS_address -fsanitize=address,undefined -fno-sanitize-recover=all)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # function: what it puts before each function is in the way of coroutines ("Cannot represent a difference across
  # sections"). vptr: its runtime opens a pipe to look at memory, which fails in tests that use up all descriptors.
  list(APPEND EBB_SANITIZE_FLAGS_address -fno-sanitize=function,vptr)
endif()
set(EBB_SANITIZE_FLAGS_thread -fsanitize=thread)

if(EBB_SANITIZE)
  if(NOT DEFINED EBB_SANITIZE_FLAGS_${EBB_SANITIZE})
    message(FATAL_ERROR "EBB_SANITIZE=${EBB_SANITIZE}; valid are empty, address and thread")
  endif()
  target_compile_options(ebbpool PUBLIC ${EBB_SANITIZE_FLAGS_${EBB_SANITIZE}} -fno-omit-frame-pointer)
  target_link_options(ebbpool PUBLIC ${EBB_SANITIZE_FLAGS_${EBB_SANITIZE}})
endif()
