# What talks to Redis and PostgreSQL; Debian: pkg-config libhiredis-dev libpq-dev.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(HIREDIS IMPORTED_TARGET hiredis)
  pkg_check_modules(LIBPQ IMPORTED_TARGET libpq)
endif()
