#!/usr/bin/env bash
# Boots Debian's kernels under qemu, emulated, with one program as init: the critical sections, walked over with
# breakpoints; whether the kernel restarts them after a preemption; objects under stress with CPU hotplug.
#   usage: run.sh [amd64|arm64] [bookworm|trixie|sid]      default: all of both
# Kernels come from Debian's mirror and stay in build/vm. Ends with "passed: N boots, N cases"; a kernel that is
# neither there nor can be fetched is left out, with a notice; exits 77 if that leaves nothing.
# shellcheck source=tests/tools/technique.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tools/technique.sh"
# shellcheck source=tests/vm/vm.sh
source tests/vm/vm.sh

arches=(amd64 arm64)
kernels=(bookworm trixie sid) # Debian's names for 12, 13 and what comes after
for argument in "$@"; do
  case $argument in
    amd64 | arm64) arches=("$argument") ;;
    bookworm | trixie | sid) kernels=("$argument") ;;
    *)
      echo "run.sh: \"$argument\" is neither amd64, arm64, bookworm, trixie nor sid" >&2
      exit 2
      ;;
  esac
done

boots=0 cases=0 failed=0
for arch in "${arches[@]}"; do
  if ! absent=$(vm_tools "$arch"); then
    echo "SKIPPED: $arch: not installed: $absent"
    continue
  fi
  built=""
  for kernel in "${kernels[@]}"; do
    if ! image=$(vm_kernel "$arch" "$kernel"); then
      echo "SKIPPED: $arch $kernel: the kernel is not in build/vm and cannot be fetched (build/vm/$arch-$kernel/log)"
      continue
    fi
    if [[ -z $built ]]; then vm_build "$arch" "$vm_dir/$arch-guest" && built=yes; fi
    started=$SECONDS
    log=$vm_dir/$arch-$kernel/console
    vm_boot "$arch" "$image" "$vm_dir/$arch-guest/initramfs.gz" "$log" || true
    echo "$arch $kernel: $((SECONDS - started)) s"
    sed -nE 's/^(.*[^a-z])?vm: /  /p' "$log"
    boots=$((boots + 1))
    if [[ $(tail -n 200 "$log") =~ vm:\ ok:\ cases\ ([0-9]+)\ bad\ 0, ]]; then
      cases=$((cases + BASH_REMATCH[1]))
    else
      echo "FAILED: $arch $kernel; the console is in $log"
      failed=$((failed + 1))
    fi
  done
done
if ((boots == 0)); then exit 77; fi
echo "passed: $((boots - failed)) boots, $cases cases"
((failed == 0))
