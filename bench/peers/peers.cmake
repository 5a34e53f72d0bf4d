# The systems that hand out objects: a file each, which defines a bench::object_peer. What is not installed
# is left out, and the report says so.
target_sources(ebb_bench PRIVATE
  peers/ebb.cpp
  peers/ebb_portable.cpp
  peers/mutex_vector.cpp
  peers/tls_list.cpp
  peers/tls_raw.cpp)
set_source_files_properties(peers/ebb_portable.cpp PROPERTIES COMPILE_DEFINITIONS "${ebb_portable_definitions}")
