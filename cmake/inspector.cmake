# ebbpool::inspector: a small HTTP server that shows the pools live (docs/inspector.md). Boost's headers are
# needed to build it and not to use it; Debian: libboost-dev.
if(NOT Boost_FOUND)
  message(STATUS "Without Boost 1.74 or later there is no ebbpool::inspector")
  return()
endif()

set(EBB_PAGE ${PROJECT_SOURCE_DIR}/src/inspector/page)
set(EBB_PAGE_SOURCE ${PROJECT_BINARY_DIR}/inspector_page.cpp)
add_custom_command(OUTPUT ${EBB_PAGE_SOURCE}
  COMMAND ${CMAKE_COMMAND} -DPAGE=${EBB_PAGE} -DOUT=${EBB_PAGE_SOURCE}
    -P ${PROJECT_SOURCE_DIR}/cmake/embed_page.cmake
  DEPENDS ${EBB_PAGE}/page.html ${EBB_PAGE}/page.css ${EBB_PAGE}/model.js ${EBB_PAGE}/charts.js
    ${EBB_PAGE}/rows.js ${EBB_PAGE}/bounded.js ${EBB_PAGE}/pools.js ${EBB_PAGE}/page.js ${PROJECT_SOURCE_DIR}/cmake/embed_page.cmake)
# There is no such file yet when clang-tidy reads the others.
set_source_files_properties(${EBB_PAGE_SOURCE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

add_library(ebbpool_inspector STATIC
  src/inspector/connection.cpp
  src/inspector/history.cpp
  src/inspector/inspector.cpp
  src/inspector/pools_json.cpp
  src/inspector/router.cpp
  src/inspector/server.cpp
  src/inspector/snapshots.cpp
  src/inspector/source.cpp
  ${EBB_PAGE_SOURCE})
add_library(ebbpool::inspector ALIAS ebbpool_inspector)
target_include_directories(ebbpool_inspector PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(ebbpool_inspector PUBLIC ebbpool PRIVATE $<BUILD_INTERFACE:ebb_warnings>
  $<BUILD_INTERFACE:Boost::headers>)
target_compile_options(ebbpool_inspector PRIVATE ${EBB_QUICK_FLAGS})
if(EBB_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Asio has fences, which g++ says ThreadSanitizer cannot see; none of them orders data of ours.
  target_compile_options(ebbpool_inspector PRIVATE -Wno-tsan)
endif()
set_target_properties(ebbpool_inspector PROPERTIES
  CXX_EXTENSIONS OFF
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON
  POSITION_INDEPENDENT_CODE ON
  EXPORT_NAME inspector
  # Boost's headers are most of what there is to compile: once for all of it.
  UNITY_BUILD ON
  UNITY_BUILD_BATCH_SIZE 0)
# Inside another project it is built when something there links it.
if(NOT PROJECT_IS_TOP_LEVEL AND NOT EBB_INSTALL)
  set_target_properties(ebbpool_inspector PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
