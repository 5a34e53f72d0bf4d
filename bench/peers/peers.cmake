# The systems that hand out objects: a file each, which defines a bench::object_peer. What is not installed
# is left out, and `ebb_bench list` says so.
target_sources(ebb_bench PRIVATE
  peers/bounded_ebb.cpp
  peers/bounded_mutex.cpp
  peers/bounded_turns.cpp
  peers/ebb.cpp
  peers/ebb_budgeted.cpp
  peers/ebb_options.cpp
  peers/ebb_portable.cpp
  peers/jemalloc.cpp
  peers/mimalloc.cpp
  peers/mutex_vector.cpp
  peers/new_delete.cpp
  peers/per_cpu_trylock.cpp
  peers/pmr.cpp
  peers/tcmalloc.cpp
  peers/tls_list.cpp
  peers/tls_overflow.cpp
  peers/tls_raw.cpp)
foreach(copy ebb_portable ebb_budgeted)
  set_source_files_properties(peers/${copy}.cpp PROPERTIES COMPILE_DEFINITIONS "${${copy}_definitions}")
endforeach()
if(EBB_BENCH_BEFORE)
  target_sources(ebb_bench PRIVATE peers/ebb_before.cpp)
  set_source_files_properties(peers/ebb_before.cpp PROPERTIES
    COMPILE_DEFINITIONS "${ebb_before_definitions}" INCLUDE_DIRECTORIES ${EBB_BENCH_BEFORE}/include)
  target_link_libraries(ebb_bench PRIVATE ebb_before)
endif()

ebb_add_optional(ebb_bench peers/boost_fast_pool_allocator.cpp boost_fast_pool_allocator boost/pool/pool_alloc.hpp ""
  libboost-dev)
ebb_add_optional(ebb_bench peers/boost_lockfree.cpp "boost_lockfree_queue;boost_lockfree_stack" boost/lockfree/queue.hpp ""
  libboost-dev)
ebb_add_optional(ebb_bench peers/boost_object_pool.cpp boost_object_pool boost/pool/object_pool.hpp "" libboost-dev)
ebb_add_optional(ebb_bench peers/cds.cpp "cds_msqueue;cds_treiber_stack" cds/init.h cds libcds-dev)
ebb_add_optional(ebb_bench peers/moodycamel_queue.cpp moodycamel_queue concurrentqueue.h "" libconcurrentqueue-dev)
ebb_add_optional(ebb_bench peers/poco_object_pool.cpp "poco_object_pool;poco_bounded" Poco/ObjectPool.h PocoFoundation libpoco-dev)
ebb_add_optional(ebb_bench peers/tbb_allocator.cpp tbb_allocator tbb/scalable_allocator.h tbbmalloc libtbb-dev)
ebb_add_optional(ebb_bench peers/tbb_bounded_queue.cpp tbb_bounded_queue tbb/concurrent_queue.h tbb libtbb-dev)

# Its header does not tell its version; the package does.
execute_process(COMMAND dpkg-query --show --showformat \${Version} libconcurrentqueue-dev
  OUTPUT_VARIABLE ebb_moodycamel_version ERROR_QUIET RESULT_VARIABLE ebb_no_moodycamel_version)
if(ebb_no_moodycamel_version)
  set(ebb_moodycamel_version "unknown")
endif()
set_source_files_properties(peers/moodycamel_queue.cpp PROPERTIES
  COMPILE_DEFINITIONS "EBB_MOODYCAMEL_VERSION=\"${ebb_moodycamel_version}\"")

ebb_tell_missing(ebb_bench main.cpp)
