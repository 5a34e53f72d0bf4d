# For scripts to source: which Debian packages each command needs, and how they get there.
# shellcheck shell=bash disable=SC2034

build_packages=(cmake ninja-build g++)
test_packages=(pkg-config binutils libgtest-dev libgmock-dev libfmt-dev)
example_packages=(libboost-dev nlohmann-json3-dev libcli11-dev zlib1g-dev iso-codes curl jq)
demo_packages=(wrk gnuplot-nox)
# The benchmarks' own, then the systems that they compare with, then what makes the objects that are dear to make.
bench_packages=(libbenchmark-dev libcli11-dev python3 gnuplot-nox
  golang-go golang-github-valyala-bytebufferpool-dev default-jdk-headless libcommons-pool2-java libnetty-java
  libtcmalloc-minimal4 libjemalloc2 libmimalloc2.0 libboost-dev libconcurrentqueue-dev libtbb-dev libpoco-dev libcds-dev
  zlib1g-dev libzstd-dev libpcre2-dev rapidjson-dev)
# For what verifies: compilers and their runtimes, a model checker, emulators.
verify_packages=(clang libclang-rt-14-dev spin valgrind python3 g++-aarch64-linux-gnu qemu-user googletest
  qemu-system-x86 qemu-system-arm xz-utils)
lint_packages=(clang clang-format clang-tidy shellcheck)

is_installed() { [[ $(dpkg-query --show --showformat='${db:Status-Abbrev}' "$1" 2>/dev/null) == ii* ]]; }

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

apt_get() {
  local as_root=()
  ((EUID == 0)) || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --yes -qq --no-install-recommends "$@"
}
