# For verify.sh to source: the environments, and what the library must say in each.
#
# shellcheck shell=bash disable=SC2154

# Found out here without the library: the ids the kernel may hand out, and whether it hands out concurrency ids.
possible=$(tr -c 0-9 '\n' </sys/devices/system/cpu/possible | sort -n | tail -n 1)
shards=$((possible + 1))
words=$(((shards + 63) / 64))  # the kernel takes affinity masks of whole words, and sizes double
rounded=64
while ((rounded < words * 64)); do rounded=$((rounded * 2)); done
features=$(LD_SHOW_AUXV=1 /bin/true | sed -n 's/^AT_[^(]*(0x1b): *//p; s/^AT_RSEQ_FEATURE_SIZE: *//p')

ids="rseq is registered and the kernel hands out concurrency ids"
by_cpu="rseq is registered; by CPU id, for want of concurrency ids (Linux 6.3) or by EBB_RSEQ=cpu_id"
index=mm_cid
why=$ids
if ((${features:-0} < 28)); then
  index=cpu_id
  why=$by_cpu
fi
portable="portable thread $(($(nproc) * 4))"
unregistered="rseq is not registered: the kernel or a sandbox refuses it, GLIBC_TUNABLES switches it off, or this\
 is an emulator such as valgrind"
refused="the kernel or a sandbox refuses membarrier for rseq (Linux 5.10 or later has it)"
fails="membarrier for rseq is offered, but fails"
off="EBB_RSEQ=off in the environment"

# Calls `row NAME EXPECTED COMMAND...` for each environment: in it, the probe's first line must be EXPECTED.
# COMMAND runs the program that is appended. $deny is the sandbox, $sys mounts
# something on /sys. Where the tests cannot run: `probe_row`.
matrix() {
  row "nothing refused" "rseq $index $shards: $why" env
  row "EBB_RSEQ=cpu_id" "rseq cpu_id $shards: $by_cpu" env EBB_RSEQ=cpu_id
  row "EBB_RSEQ=off" "$portable: $off" env EBB_RSEQ=off
  row "EBB_RSEQ=nonsense" "rseq $index $shards: $why" env EBB_RSEQ=nonsense
  row "rseq: ENOSYS" "$portable: $unregistered" "$deny" rseq=ENOSYS --
  row "rseq: EPERM" "$portable: $unregistered" "$deny" rseq=EPERM --
  row "membarrier: EPERM" "$portable: $refused" "$deny" membarrier=EPERM --
  row "membarrier: ENOSYS" "$portable: $refused" "$deny" membarrier=ENOSYS --
  row "membarrier: query refused" "$portable: $refused" "$deny" membarrier:0=EPERM --
  row "membarrier: an old kernel" "$portable: $refused" "$deny" membarrier:0=ok --
  row "membarrier: cannot register" "$portable: $fails" "$deny" membarrier:256=EPERM --
  row "membarrier: ENOMEM" "$portable: $fails" "$deny" membarrier:128=ENOMEM --
  row "membarrier kills, EBB_RSEQ=off" "$portable: $off" env EBB_RSEQ=off "$deny" membarrier=kill --
  row "rseq off by glibc" "$portable: $unregistered" env GLIBC_TUNABLES=glibc.pthread.rseq=0
  row "off by glibc, both kill" "$portable: $unregistered" \
    env GLIBC_TUNABLES=glibc.pthread.rseq=0 "$deny" rseq=kill membarrier=kill --
  if (($(nproc) > 1)); then
    row "one CPU of several" "rseq $index $shards: $why" taskset -c "$possible"
    row "one CPU, EBB_RSEQ=off" "portable thread 4: $off" env EBB_RSEQ=off taskset -c "$possible"
  else
    echo "not done: one CPU of several (this machine has one)"
  fi
  if unshare -m true 2>/dev/null; then
    row "/sys hidden" "rseq $index $rounded: $why" "$sys" hidden
    row "/sys lies" "rseq $index $rounded: $why" "$sys" lying
    # The tests' own helpers divide by the number of CPUs, which they cannot find here: the probe alone.
    probe_row "CPUs cannot be counted" "portable thread 16: the number of possible CPUs cannot be found out" \
      "$sys" hidden "$deny" sched_getaffinity=EPERM --
  else
    echo "not done: /sys hidden, /sys lies, CPUs cannot be counted (needs root)"
  fi
}
