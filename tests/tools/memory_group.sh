# For scripts to source: a memory control group of one's own, version 2 or 1, where one may be made.
# shellcheck shell=bash
#
#   make_memory_group NAME   sets `group`, a directory; false if none may be made here
#   limit_memory BYTES       false if the kernel does not take it
#   memory_usage             prints bytes
#   memory_used              the same without what the kernel takes back by itself
#   join_and_exec COMMAND... runs it as a member
#   remove_memory_group      when nothing runs in it any more

group=
group_limit=
group_swap=
group_usage=

# The mount point of the first file system of a type, with an option.
memory_group_mount() {
  awk -v type="$1" -v option="$2" '{
    for (i = 7; i < NF; ++i) if ($i == "-" && $(i + 1) == type && (option == "" || "," $(i + 3) "," ~ "," option ",")) {
      print $5; exit
    }
  }' /proc/self/mountinfo
}

memory_group_in() {  # DIRECTORY LIMIT-FILE SWAP-FILE USAGE-FILE
  mkdir "$1" 2>/dev/null || return 1
  group=$1
  group_limit=$group/$2 group_swap=$group/$3 group_usage=$group/$4
  if [[ -w $group_limit && -w $group/cgroup.procs && -r $group_usage ]]; then return 0; fi
  rmdir "$group" 2>/dev/null || true
  group=
  return 1
}

make_memory_group() {
  local v2 v1 in
  v2=$(memory_group_mount cgroup2 "")$(sed -n 's/^0:://p' /proc/self/cgroup)
  v1=$(memory_group_mount cgroup memory)$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
  for in in "$v2" "$(dirname "$v2")"; do
    memory_group_in "${in%/}/$1" memory.max memory.swap.max memory.current && return
  done
  memory_group_in "${v1%/}/$1" memory.limit_in_bytes memory.memsw.limit_in_bytes memory.usage_in_bytes
}

limit_memory() {
  echo "$1" 2>/dev/null >"$group_limit" || return 1
  # Where there is no swap there are no such files. Version 1 counts memory and swap together.
  if [[ -w $group_swap ]]; then
    local swap=0
    [[ $group_limit != *limit_in_bytes ]] || swap=$1
    echo "$swap" 2>/dev/null >"$group_swap" || true
  fi
}

memory_usage() { cat "$group_usage"; }

# Without what the kernel takes back by itself.
memory_used() {
  awk -v usage="$(memory_usage)" '$1 ~ /^(total_)?(inactive_file|active_file)$|^slab_reclaimable$/ {
      if ($1 ~ /^total_/) total += $2; else own += $2
    }
    END { printf "%.0f\n", usage - (total > own ? total : own) }' "$group/memory.stat"
}

join_and_exec() {
  echo "$BASHPID" >"$group/cgroup.procs"
  exec "$@"
}

remove_memory_group() {
  [[ -z $group ]] || rmdir "$group" 2>/dev/null || true
  group=
}
