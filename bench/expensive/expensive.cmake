# Work with expensive objects: a file each. What is not installed is left out; `ebb_expensive --list` says so.
ebb_add_benchmark(ebb_expensive
  harness/lineup.cpp
  expensive/main.cpp
  expensive/registry.cpp
  expensive/buffer.cpp
  expensive/tree.cpp)
target_link_libraries(ebb_expensive PRIVATE CLI11::CLI11)

# Adds expensive/<object>.cpp if `header` is there and `library`, if that is not empty.
set(ebb_expensive_missing "")
function(ebb_add_expensive object header library package)
  find_path(EBB_EXPENSIVE_${object}_INCLUDE ${header})
  mark_as_advanced(EBB_EXPENSIVE_${object}_INCLUDE)
  set(found ${EBB_EXPENSIVE_${object}_INCLUDE})
  if(library)
    find_library(EBB_EXPENSIVE_${object}_LIBRARY ${library})
    mark_as_advanced(EBB_EXPENSIVE_${object}_LIBRARY)
    if(NOT EBB_EXPENSIVE_${object}_LIBRARY)
      set(found FALSE)
    endif()
  endif()
  if(NOT found)
    message(STATUS "ebbpool: no work_${object} in ebb_expensive without ${package}")
    set(ebb_expensive_missing "${ebb_expensive_missing}work_${object} ${package}," PARENT_SCOPE)
    return()
  endif()
  target_sources(ebb_expensive PRIVATE expensive/${object}.cpp)
  target_include_directories(ebb_expensive SYSTEM PRIVATE ${EBB_EXPENSIVE_${object}_INCLUDE})
  if(library)
    target_link_libraries(ebb_expensive PRIVATE ${EBB_EXPENSIVE_${object}_LIBRARY})
  endif()
endfunction()

ebb_add_expensive(deflate zlib.h z zlib1g-dev)
ebb_add_expensive(json rapidjson/document.h "" rapidjson-dev)
ebb_add_expensive(pcre2 pcre2.h pcre2-8 libpcre2-dev)
ebb_add_expensive(zstd zstd.h zstd libzstd-dev)
set_source_files_properties(expensive/main.cpp PROPERTIES
  COMPILE_DEFINITIONS "EBB_EXPENSIVE_MISSING=\"${ebb_expensive_missing}\"")
