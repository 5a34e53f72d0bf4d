#!/usr/bin/env bash
# Builds and runs tests/package/main.cpp once for each way of depending on ebbpool, and reports each.
# Usage: tests/package/run.sh SOURCE_DIR [WORK_DIR]
set -euo pipefail

if (($# < 1 || $# > 2)) || [[ ! -f $1/CMakeLists.txt ]]; then
  echo "usage: $0 SOURCE_DIR [WORK_DIR]" >&2
  exit 2
fi
source_dir=$(cd "$1" && pwd)
consumers=$source_dir/tests/package
cxx=${CXX:-g++}
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

if (($# == 2)); then
  rm -rf "$2" && mkdir -p "$2"
  work=$(cd "$2" && pwd)
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi

# configure_and_build BUILD_DIR SOURCE_DIR CMAKE_ARGUMENT...     target: what of it is built
target=all
configure_and_build() {
  cmake -S "$2" -B "$1" -DCMAKE_CXX_COMPILER="$cxx" "${@:3}"
  cmake --build "$1" -j "$jobs" --target "$target"
}

# What the compiler makes of the library is tested elsewhere: here it is one source, compiled as fast as can be.
release=(-DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O0 -DNDEBUG"
  -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0)

# Installs, then moves the tree: whatever still points at the old place is found out. Both from one build, since
# they have the same objects; fetch_content() builds a shared library from nothing.
# install_library static|shared BUILD_SHARED_LIBS
install_library() {
  configure_and_build "$work/build" "$source_dir" "${release[@]}" -DBUILD_SHARED_LIBS="$2" \
    -DCMAKE_INSTALL_LIBDIR=lib -DEBB_BUILD_TESTS=OFF -DEBB_BUILD_EXAMPLES=OFF -DEBB_BUILD_BENCH=OFF
  cmake --install "$work/build" --prefix "$work/staging-$1"
  mv "$work/staging-$1" "$work/prefix-$1"
}

# The shared library must be the one that runs, and must stay mapped once it is loaded.
check_shared() {
  local library=$work/prefix-shared/lib/libebbpool.so
  ldd "$1" | grep -F "$library"
  readelf --dynamic --wide "$library" | grep -E 'FLAGS_1.*NODELETE'
}

with_find_package() {
  configure_and_build "$work/find_package-$1" "$consumers/find_package" -DCMAKE_PREFIX_PATH="$work/prefix-$1"
  "$work/find_package-$1/consumer"
}

find_package_static() { with_find_package static; }

find_package_shared() {
  with_find_package shared
  check_shared "$work/find_package-shared/consumer"
}

# with_inspector static|shared
with_inspector() {
  configure_and_build "$work/inspector-$1" "$consumers/find_package" -DCMAKE_PREFIX_PATH="$work/prefix-$1" \
    -DWITH_INSPECTOR=ON
  "$work/inspector-$1/inspected"
}

# What ebb/asio.hpp needs.
has_new_boost() {
  echo '#include <boost/version.hpp>
#if BOOST_VERSION < 107700
#error
#endif' | "$cxx" ${BOOST_ROOT:+-isystem "$BOOST_ROOT/include"} -x c++ -fsyntax-only - 2>/dev/null
}

# with_asio static|shared
with_asio() {
  local headers_only=()
  [[ -z ${BOOST_ROOT:-} ]] || headers_only=(-DBoost_NO_BOOST_CMAKE=ON)
  configure_and_build "$work/asio-$1" "$consumers/find_package" -DCMAKE_PREFIX_PATH="$work/prefix-$1" \
    -DWITH_ASIO=ON "${headers_only[@]}"
  "$work/asio-$1/asio"
}

# with_pkg_config static|shared NAME COMPILER_FLAG...
with_pkg_config() {
  local flags
  flags=$(PKG_CONFIG_PATH=$work/prefix-$1/lib/pkgconfig pkg-config --cflags --libs ebbpool)
  # The flags are a list of words.
  # shellcheck disable=SC2086
  "$cxx" -std=c++20 -O1 "${@:3}" "$consumers/main.cpp" -o "$work/$2" $flags
  LD_LIBRARY_PATH=$work/prefix-$1/lib "$work/$2"
}

pkg_config_static() { with_pkg_config static pkg_config_static; }

# One installed library serves checked and unchecked programs.
pkg_config_checked() { with_pkg_config static pkg_config_checked -DEBB_CHECKED=1; }

pkg_config_shared() {
  with_pkg_config shared pkg_config_shared
  LD_LIBRARY_PATH=$work/prefix-shared/lib check_shared "$work/pkg_config_shared"
}

# What programs are compiled with by people who mean it.
no_warnings() {
  local flags
  flags=$(PKG_CONFIG_PATH=$work/prefix-static/lib/pkgconfig pkg-config --cflags ebbpool)
  # shellcheck disable=SC2086
  "$cxx" -std=c++20 -O2 -Wall -Wextra -Wconversion -Wshadow -Wundef -Werror $flags -c "$consumers/warnings.cpp" -o "$work/warnings.o"
}

# The inspector was built above.
add_subdirectory() {
  target=consumer configure_and_build "$work/add_subdirectory" "$consumers/add_subdirectory" "${release[@]}" \
    -DEBBPOOL_SOURCE="$source_dir"
  "$work/add_subdirectory/consumer"
}

fetch_content() {
  target=consumer configure_and_build "$work/fetch_content" "$consumers/fetch_content" "${release[@]}" \
    -DFETCHCONTENT_SOURCE_DIR_EBBPOOL="$source_dir" -DBUILD_SHARED_LIBS=ON
  "$work/fetch_content/consumer"
}

failed=0

# Runs one function in a shell of its own, where the first error ends it; prints its output if there is one.
report() {
  local log=$work/$1.log
  set +e
  (set -e; "${@}") >"$log" 2>&1
  local status=$?
  set -e
  if ((status == 0)); then
    echo "ok      $*"
  else
    echo "FAILED  $*"
    sed 's/^/        /' "$log"
    failed=$((failed + 1))
  fi
}

report install_library static OFF
report install_library shared ON
report find_package_static
report find_package_shared
if [[ -e $work/build/libebbpool_inspector.a ]]; then
  report with_inspector static
  report with_inspector shared
else
  echo "skipped with_inspector: it was not built, for want of Boost"
fi
if has_new_boost; then
  report with_asio static
  report with_asio shared
else
  echo "skipped with_asio: Boost is older than 1.77, or not there"
fi
report pkg_config_static
report pkg_config_checked
report pkg_config_shared
report no_warnings
report add_subdirectory
report fetch_content

((failed == 0))
