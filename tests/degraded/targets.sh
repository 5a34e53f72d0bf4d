# For verify.sh to source: other ways to build and to run. Each with the probe; valgrind also with some unit tests.
#
# shellcheck shell=bash disable=SC2154

# Memcheck looks at every access of the portable path. All of the suite would take minutes: what is left out are
# the tests with threads that hammer, and those that look at memory after its end.
under_valgrind() {
  probe_there valgrind "$portable: $unregistered" \
    valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite || return 1
  run_there valgrind -q --error-exitcode=9 "$tests/tests/api_tests" \
    --gtest_filter='RuntimeInfo*:ObjectPool.*:Collector.*:Stats.*-*threads*' || return 1
  local passed
  passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) tests*\.$/\1/p' "$work/out")
  cases=$((cases + 1 + passed))
  printf '  %-32s %4d tests  %s\n' "valgrind memcheck" "$passed" portable
}

static_pie() {
  "${compile[@]}" -static-pie "$work/probe.o" "$library" -o "$work/static_pie" || return 1
  probe=$work/static_pie probe_there "static-pie" "rseq $index $shards: $why" env || return 1
  probe=$work/static_pie probe_there "static-pie, refused" "$portable: $refused" "$deny" membarrier=EPERM -- || return 1
  probe=$work/static_pie probe_there "static-pie, no rseq" "$portable: $unregistered" "$deny" rseq=ENOSYS -- || return 1
  cases=$((cases + 3))
  printf '  %-32s 3 probes\n' "static-pie"
}

# A C library that does not know rseq, as musl: there the two symbols are missing. (Debian has no C++ library for
# musl, and the headers of the one for glibc do not compile with it.)
libc_without_rseq() {
  "${compile[@]}" -Iinclude -D__rseq_size=no_rseq_size -D__rseq_offset=no_rseq_offset -c src/runtime.cpp \
    -o "$work/no_rseq.o" || return 1
  "${compile[@]}" "$work/probe.o" "$work/no_rseq.o" "$library" -o "$work/no_rseq" || return 1
  probe=$work/no_rseq probe_there "C library without rseq" \
    "$portable: the C library does not register rseq (glibc 2.35 or later does)" env || return 1
  cases=$((cases + 1))
  printf '  %-32s 1 probe\n' "C library without rseq"
}

# What an emulator of another architecture offers: no rseq, but membarrier.
emulated_arm64() {
  local compiler=(aarch64-linux-gnu-g++ -std=c++20 -O0 -g0 -static -pthread -Iinclude -Isrc -I.) expected
  { pool_library && echo "#include \"$here/probe.cpp\""; } >"$work/arm64.cpp"
  "${compiler[@]}" "$work/arm64.cpp" -o "$work/probe_arm64" || return 1
  expected="built without critical sections: ThreadSanitizer, or not x86-64 Linux"
  [[ ! -e include/ebb/detail/percpu/aarch64.hpp ]] || expected=$unregistered
  probe=$work/probe_arm64 probe_there "arm64, emulated" "$portable: $expected" qemu-aarch64 || return 1
  cases=$((cases + 1))
  printf '  %-32s 1 probe\n' "arm64, emulated"
}

targets() {
  if command -v valgrind >/dev/null; then
    attack "valgrind" under_valgrind
  else
    echo "not done: valgrind (not installed)"
  fi
  attack "static-pie" static_pie
  attack "C library without rseq" libc_without_rseq
  if command -v aarch64-linux-gnu-g++ qemu-aarch64 >/dev/null; then
    attack "arm64, emulated" emulated_arm64
  else
    echo "not done: arm64 (Debian: g++-aarch64-linux-gnu, qemu-user)"
  fi
}
