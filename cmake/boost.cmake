# One Boost for the whole build: two versions in one program would break the one-definition rule. BOOST_ROOT in
# the environment says which (tests/tools/packages.sh has one where Debian's is too old for ebb/asio.hpp), also
# to a build directory that had another before, and to later runs without it.
if(DEFINED ENV{BOOST_ROOT} AND NOT "$ENV{BOOST_ROOT}" STREQUAL "${EBB_BOOST_ROOT}")
  unset(Boost_DIR CACHE)
  unset(Boost_INCLUDE_DIR CACHE)
  set(EBB_BOOST_ROOT "$ENV{BOOST_ROOT}" CACHE INTERNAL "Where Boost is")
endif()
if(EBB_BOOST_ROOT)
  set(BOOST_ROOT ${EBB_BOOST_ROOT})
  set(Boost_NO_BOOST_CMAKE ON)     # what the system's says about itself
  set(Boost_NO_SYSTEM_PATHS ON)
endif()
find_package(Boost 1.74 QUIET)
if(Boost_FOUND)
  message(STATUS "Boost ${Boost_VERSION} in ${Boost_INCLUDE_DIRS}")
endif()
