# The systems that hand out objects: a file each, which defines a bench::object_peer. What is not installed
# is left out, and `ebb_bench list` says so.
target_sources(ebb_bench PRIVATE
  peers/ebb.cpp
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
set_source_files_properties(peers/ebb_portable.cpp PROPERTIES COMPILE_DEFINITIONS "${ebb_portable_definitions}")

# Adds peers/<file>.cpp, which defines `systems`, if `header` is there and `library`, if that is not empty.
set(ebb_missing_peers "")
function(ebb_add_peer file systems header library package)
  find_path(EBB_PEER_${file}_INCLUDE ${header} PATH_SUFFIXES concurrentqueue concurrentqueue/moodycamel)
  mark_as_advanced(EBB_PEER_${file}_INCLUDE)
  set(found ${EBB_PEER_${file}_INCLUDE})
  if(library)
    find_library(EBB_PEER_${file}_LIBRARY ${library})
    mark_as_advanced(EBB_PEER_${file}_LIBRARY)
    if(NOT EBB_PEER_${file}_LIBRARY)
      set(found FALSE)
    endif()
  endif()
  if(NOT found)
    foreach(system ${systems})
      message(STATUS "ebbpool: no ${system} in ebb_bench without ${package}")
      list(APPEND ebb_missing_peers "${system} (${package})")
    endforeach()
    set(ebb_missing_peers "${ebb_missing_peers}" PARENT_SCOPE)
    return()
  endif()
  target_sources(ebb_bench PRIVATE peers/${file}.cpp)
  target_include_directories(ebb_bench SYSTEM PRIVATE ${EBB_PEER_${file}_INCLUDE})
  if(library)
    target_link_libraries(ebb_bench PRIVATE ${EBB_PEER_${file}_LIBRARY})
  endif()
endfunction()

ebb_add_peer(boost_fast_pool_allocator boost_fast_pool_allocator boost/pool/pool_alloc.hpp "" libboost-dev)
ebb_add_peer(boost_lockfree_queue boost_lockfree_queue boost/lockfree/queue.hpp "" libboost-dev)
ebb_add_peer(boost_lockfree_stack boost_lockfree_stack boost/lockfree/stack.hpp "" libboost-dev)
ebb_add_peer(boost_object_pool boost_object_pool boost/pool/object_pool.hpp "" libboost-dev)
ebb_add_peer(cds "cds_msqueue;cds_treiber_stack" cds/init.h cds libcds-dev)
ebb_add_peer(moodycamel_queue moodycamel_queue concurrentqueue.h "" libconcurrentqueue-dev)
ebb_add_peer(poco_object_pool poco_object_pool Poco/ObjectPool.h PocoFoundation libpoco-dev)
ebb_add_peer(tbb_allocator tbb_allocator tbb/scalable_allocator.h tbbmalloc libtbb-dev)
ebb_add_peer(tbb_bounded_queue tbb_bounded_queue tbb/concurrent_queue.h tbb libtbb-dev)

# Its header does not tell its version; the package does.
execute_process(COMMAND dpkg-query --show --showformat \${Version} libconcurrentqueue-dev
  OUTPUT_VARIABLE ebb_moodycamel_version ERROR_QUIET RESULT_VARIABLE ebb_no_moodycamel_version)
if(ebb_no_moodycamel_version)
  set(ebb_moodycamel_version "unknown")
endif()
set_source_files_properties(peers/moodycamel_queue.cpp PROPERTIES
  COMPILE_DEFINITIONS "EBB_MOODYCAMEL_VERSION=\"${ebb_moodycamel_version}\"")

list(JOIN ebb_missing_peers ", " ebb_missing_peers)
target_compile_definitions(ebb_bench PRIVATE EBB_MISSING_PEERS="${ebb_missing_peers}")
