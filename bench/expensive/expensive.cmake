# Work with expensive objects: a file each. What is not installed is left out; `ebb_expensive --list` says so.
ebb_add_benchmark(ebb_expensive
  harness/lineup.cpp
  expensive/main.cpp
  expensive/registry.cpp
  expensive/buffer.cpp
  expensive/tree.cpp)
target_link_libraries(ebb_expensive PRIVATE CLI11::CLI11)

ebb_add_optional(ebb_expensive expensive/deflate.cpp work_deflate zlib.h z zlib1g-dev)
ebb_add_optional(ebb_expensive expensive/json.cpp work_json rapidjson/document.h "" rapidjson-dev)
ebb_add_optional(ebb_expensive expensive/pcre2.cpp work_pcre2 pcre2.h pcre2-8 libpcre2-dev)
ebb_add_optional(ebb_expensive expensive/zstd.cpp work_zstd zstd.h zstd libzstd-dev)
ebb_tell_missing(ebb_expensive expensive/main.cpp)
