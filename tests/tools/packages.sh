# For scripts to source: which Debian packages each command needs, and how they get there.
# shellcheck shell=bash disable=SC2034

is_installed() { [[ $(dpkg-query --show --showformat='${db:Status-Abbrev}' "$1" 2>/dev/null) == ii* ]]; }

# The least Boost that ebb/asio.hpp can do with is 1.77. Debian 12's default is older, and whoever has its newer
# one cannot have both.
newer_boost=libboost1.81-dev
boost_packages=(libboost-dev)
! is_installed "$newer_boost" || boost_packages=("$newer_boost")

build_packages=(cmake ninja-build g++ systemtap-sdt-dev)
test_packages=(pkg-config binutils libgtest-dev libgmock-dev libfmt-dev)
example_packages=("${boost_packages[@]}" nlohmann-json3-dev libcli11-dev zlib1g-dev iso-codes curl jq pkg-config)
# Real servers for the resource pool, and their clients: for the tests, and for an example.
connection_packages=(libpq-dev libhiredis-dev postgresql redis-server iproute2)
demo_packages=(wrk gnuplot-nox)
# The benchmarks' own, then the systems that they compare with, then what makes the objects that are dear to make.
bench_packages=(libbenchmark-dev libcli11-dev python3 gnuplot-nox
  golang-go golang-github-valyala-bytebufferpool-dev golang-github-jackc-puddle-dev
  default-jdk-headless libcommons-pool2-java libhikaricp-java libnetty-java
  libtcmalloc-minimal4 libjemalloc2 libmimalloc2.0 "${boost_packages[@]}" libconcurrentqueue-dev libtbb-dev libpoco-dev libcds-dev
  zlib1g-dev libzstd-dev libpcre2-dev rapidjson-dev)
# For what verifies: compilers and their runtimes, a model checker, emulators.
verify_packages=(clang libclang-rt-14-dev spin valgrind python3 g++-aarch64-linux-gnu qemu-user googletest
  qemu-system-x86 qemu-system-arm xz-utils)
# For the inspector: its page in a browser, and what reads its metrics. npm brings the browser's driver; who has
# another Node.js than Debian's has its npm, too.
inspector_packages=("${boost_packages[@]}" chromium prometheus python3-prometheus-client)
command -v npm >/dev/null || inspector_packages+=(nodejs npm)
lint_packages=(clang clang-format clang-tidy shellcheck)

# ensure_packages PACKAGE...: installs what is missing. Elsewhere than on Debian it trusts you.
ensure_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "not a Debian: please install what Debian calls $*"
    return
  fi
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0

  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    echo "dev: neither root nor sudo; as root: apt-get install ${missing[*]}" >&2
    return 1
  fi
  echo "installing Debian packages: ${missing[*]}"
  if apt_get install --simulate "${missing[@]}" >/dev/null 2>&1 && apt_get install "${missing[@]}"; then
    return
  fi
  # The lists of a fresh machine are empty, those of an old one name files that are gone.
  echo "refreshing the package lists first"
  apt_get update
  apt_get install "${missing[@]}"
}

# ensure_boost: where the installed one is too old, has the headers of a newer one in build/boost, and BOOST_ROOT
# makes the whole build use them (cmake/boost.cmake).
ensure_boost() {
  command -v apt-get >/dev/null || return 0
  ! is_installed "$newer_boost" || return 0
  local installed
  installed=$(dpkg-query --show --showformat='${Version}' libboost-dev 2>/dev/null) || installed=0
  ! dpkg --compare-versions "$installed" ge 1.77 || return 0
  [[ -e build/boost/usr/include/boost/version.hpp ]] || unpack_boost || {
    echo "$newer_boost is not to be had: without it there are no tests of ebb/asio.hpp" >&2
    return 0
  }
  export BOOST_ROOT=$PWD/build/boost/usr
}

# In a folder of its own until it is complete.
unpack_boost() {
  local folder
  mkdir -p build
  folder=$(mktemp -d "$PWD/build/boost.XXXXXX")
  echo "unpacking $newer_boost into build/boost"
  if download "$newer_boost" "$folder" && dpkg-deb --extract "$folder"/*.deb "$folder/all" &&
    mkdir -p "$folder/boost/usr" && mv "$folder/all/usr/include" "$folder/boost/usr/" && rm -rf build/boost &&
    mv "$folder/boost" build/boost; then
    rm -rf "$folder"
    return
  fi
  rm -rf "$folder"
  return 1
}

# download PACKAGE FOLDER: its .deb, without installing it.
download() {
  (cd "$2" && apt-get -qq -o APT::Sandbox::User=root download "$1") && return
  apt_get update && (cd "$2" && apt-get -qq -o APT::Sandbox::User=root download "$1")
}

apt_get() {
  local as_root=()
  ((EUID == 0)) || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --yes -qq --no-install-recommends "$@"
}
