#!/usr/bin/env bash
# The critical sections under real kernels, and whether seeded bugs in them would be seen there.
#   usage: verify.sh [--all]      one kernel for each architecture, or with --all every one
# shellcheck source=tests/tools/technique.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/technique.sh"
source tests/vm/vm.sh
technique vm

case "$*" in
  "") runs=("amd64 bookworm" "arm64 sid") ;;
  --all) runs=("amd64" "arm64") ;;
  *)
    echo "verify.sh: \"$*\" is not an option; there is --all" >&2
    exit 2
    ;;
esac

# run ARCH [KERNEL]: as an attack; what is skipped does not count.
run() {
  local status=0
  tests/vm/run.sh "$@" >"$work/run.log" || status=$?
  cat "$work/run.log"
  if [[ $(tail -n 1 "$work/run.log") =~ ^passed:\ [0-9]+\ boots,\ ([0-9]+)\ cases$ ]]; then
    cases=$((cases + BASH_REMATCH[1]))
  fi
  ((status == 0 || status == 77))
}

# seed ARCH IMAGE NAME...: the walk must find each. They share a machine, because most of the time goes into its start.
# Only what the guest itself says is a kill; a machine that does not boot is none.
seed() {
  local arch=$1 image=$2 name root files=(init="build/vm/$1-guest/guest")
  shift 2
  for name in "$@"; do
    root=$work/$name
    tests/tools/mutant.py tests/vm/mutants.txt "$name" "$root"
    vm_build "$arch" "$root/guest" "$root"
    files+=("$name=$root/guest/guest" "$name.boundaries=$root/guest/boundaries")
  done
  tests/vm/initramfs.py "$work/$arch.gz" "${files[@]}"
  vm_boot "$arch" "$image" "$work/$arch.gz" "$work/$arch.console" VM_ONLY=walk VM_LEVELS=1 \
    VM_EACH="$(IFS=, && echo "$*")" || true
  for name in "$@"; do
    sed -n "/vm: begin $name\$/,/vm: begin/p" "$work/$arch.console" >"$work/$name.console"
    killed_or_not "$name" "$work/$name.console"
    rm -rf "${work:?}/$name"
  done
}

killed_or_not() {
  local console=$2
  seeded=$((seeded + 1))
  if grep -qE "vm: (FAILED: killed by signal|walk .* bad [1-9])" "$console" && ! grep -q "vm: ok" "$console"; then
    killed=$((killed + 1))
    echo "killed: $1: $(grep -m 1 -oE "(walk: wrong|FAILED: killed|walk instr).*" "$console")"
  else
    echo "SURVIVED: $1"
  fi
}

# broken IMAGE: a kernel that does not abort sections after a preemption. The library must refuse it; and if it is
# forced to use it, the preemption test must see what is wrong.
broken() {
  local console=$work/broken.console initramfs=build/vm/arm64-guest/initramfs.gz
  vm_boot arm64 "$1" "$initramfs" "$console" || true
  grep -oE "path portable.*: .*6.19 to 7.0.13" "$console" || return 1
  vm_boot arm64 "$1" "$initramfs" "$console" EBB_RSEQ=force VM_ONLY=preemption || true
  grep -oE "preemption probes [0-9]+ aborts [0-9]+ violations [1-9].*" "$console" || return 1
  cases=$((cases + 2))
}

for arguments in "${runs[@]}"; do
  # shellcheck disable=SC2086  # an architecture, or that and a kernel
  attack "kernels $arguments" run $arguments
done
if ((cases == 0 && failures == 0)); then skip "no kernel in build/vm, and none can be fetched (see above)"; fi

for run in "amd64 bookworm" "arm64 sid"; do
  read -r arch kernel <<<"$run"
  if ! vm_tools "$arch" >/dev/null || ! image=$(vm_kernel "$arch" "$kernel"); then continue; fi
  mapfile -t mutants < <(tests/tools/mutant.py tests/vm/mutants.txt --list | grep "^$arch-")
  seed "$arch" "$image" "${mutants[@]}"
done
if vm_tools arm64 >/dev/null && image=$(vm_kernel arm64 7.0.13); then
  attack "Linux 7.0.13 for arm64, which is broken" broken "$image"
else
  echo "SKIPPED: arm64 7.0.13, a kernel that is really broken: it cannot be fetched"
fi
verdict
