# Kernels, the program that runs under them, and how it is booted. For run.sh and verify.sh to source, after
# ../tools/technique.sh.
# shellcheck shell=bash

vm_dir=$PWD/build/vm

# vm_fetch ARCH KERNEL: gets the newest cloud kernel of a Debian release, or a certain version, from Debian's mirror,
# without making ARCH known to this machine's dpkg or touching its package lists. The image's path goes to a file
# beside it.
vm_fetch() {
  local arch=$1 suite=$2 dir=$vm_dir/$1-$2 package="" version
  if [[ $2 == [0-9]* ]]; then
    suite=trixie-backports # the only one that keeps old versions
    package=linux-image-$2+deb13-cloud-$arch
  fi
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/deb"
  echo "deb [arch=$arch] http://deb.debian.org/debian $suite main" >"$dir/sources.list"
  cat >"$dir/apt.conf" <<END
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Dir::Cache "$dir/cache";
Dir::Etc::PreferencesParts "$dir/none";
Dir::Etc::SourceList "$dir/sources.list";
Dir::Etc::SourceParts "$dir/none";
Dir::State::Lists "$dir/lists";
Dir::State::Status "/dev/null";
END
  mkdir -p "$dir/none"
  export APT_CONFIG=$dir/apt.conf
  apt-get update -qq >"$dir/log" 2>&1 || return 1
  if [[ -z $package ]]; then
    package=$(apt-cache depends "linux-image-cloud-$arch" | sed -n "s/.*Depends: \(linux-image-[0-9].*-cloud-$arch\)$/\1/p")
  fi
  [[ -n $package ]] || return 1
  version=${package#linux-image-}
  # Since 7.x the image is in a package of its own.
  if [[ -n $(apt-cache show "linux-binary-$version" 2>/dev/null) ]]; then package=linux-binary-$version; fi
  (cd "$dir/deb" && apt-get download -qq "$package" && dpkg-deb -x ./*.deb ../root) >>"$dir/log" 2>&1 || return 1
  find "$dir/root" -name "vmlinuz*" -type f | head -n 1 >"$dir/image"
  rm -rf "$dir/deb" "$dir/lists" "$dir/cache" "$dir/root/usr/lib/modules/"*/kernel "$dir/root/lib/modules"
  [[ -s $dir/image ]]
}

# vm_kernel ARCH KERNEL: prints the path of the image; fails when it is not cached and cannot be fetched.
vm_kernel() {
  local file=$vm_dir/$1-$2/image
  if [[ ! -s $file ]] && ! (vm_fetch "$1" "$2"); then
    rm -f "$file"
    return 1
  fi
  cat "$file"
}

# vm_compiler ARCH, vm_objdump ARCH: those of this machine for its own architecture, else Debian's cross tools.
vm_prefix() {
  case $1 in
    amd64) echo x86_64-linux-gnu- ;;
    arm64) echo aarch64-linux-gnu- ;;
  esac
}

# vm_build ARCH OUT [ROOT]: the guest and its initramfs. With ROOT, what the walk attacks is from there, a copy of
# the library with a seeded bug; all else from the repository.
vm_build() {
  local arch=$1 out=$2 root=${3:-$PWD} prefix source object
  prefix=$(vm_prefix "$arch")
  local compile=("${prefix}g++" -std=c++20 -O2 -g0 -Wall -Wextra -Wconversion -Wshadow -Wundef -Werror)
  local common=$vm_dir/$arch-objects
  mkdir -p "$out" "$common"
  pool_library >"$common/library.cpp"
  one_unit main sections preemption stress >"$common/program.cpp"
  for source in "$common"/{library,program}.cpp; do
    object=$common/$(basename "$source" .cpp).o
    if [[ -z $(find include src tests/vm -newer "$object" 2>/dev/null || echo none) ]]; then continue; fi
    "${compile[@]}" -Iinclude -Isrc -Itests/vm -c "$source" -o "$object"
  done
  "${compile[@]}" -I"$root/include" -Itests/vm -c tests/vm/walk.cpp -o "$out/walk.o"
  "${compile[@]}" -static "$out/walk.o" "$common"/{program,library}.o -o "$out/guest"
  # What the walk steps on: each instruction of the two functions, without what pads them (the assembler jumps over
  # long padding).
  "${prefix}objdump" -dC -j walked --no-show-raw-insn "$out/guest" | awk '
    /^[0-9a-f]+ </ { name = ""; if (/::popping\(/) name = "pop"; if (/::pushing\(/) name = "push" }
    $2 ~ /^(nop|udf|data16|xchg|cs)/ || (last == "ret" && $2 == "jmp") { next }
    name != "" && /^ +[0-9a-f]+:/ { sub(":", "", $1); print name, $1; last = $2 }' >"$out/boundaries"
  tests/vm/initramfs.py "$out/initramfs.gz" init="$out/guest" boundaries="$out/boundaries"
}

# vm_boot ARCH IMAGE INITRAMFS LOG [NAME=VALUE...]: runs the guest, with two CPUs, on an emulated machine (no KVM).
vm_boot() {
  local arch=$1 image=$2 initramfs=$3 log=$4 machine
  case $arch in
    amd64) machine=(qemu-system-x86_64 -M q35 -cpu max -vga none -append "console=ttyS0 quiet panic=-1 ${*:5}") ;;
    arm64) machine=(qemu-system-aarch64 -M virt -cpu cortex-a57 -append "console=ttyAMA0 quiet panic=-1 ${*:5}") ;;
  esac
  timeout "${vm_timeout:-300}" "${machine[@]}" -accel tcg,thread=multi -smp 2 -m 512 -kernel "$image" -initrd "$initramfs" \
    -nographic -no-reboot -nic none </dev/null 2>&1 | tr -d '\r' >"$log"
}

# vm_tools ARCH: names what is not installed, and fails if that is anything.
vm_tools() {
  local tool missing=()
  case $1 in
    amd64) set -- qemu-system-x86_64 x86_64-linux-gnu-g++ x86_64-linux-gnu-objdump ;;
    arm64) set -- qemu-system-aarch64 aarch64-linux-gnu-g++ aarch64-linux-gnu-objdump ;;
  esac
  for tool in "$@" python3 apt-get dpkg-deb; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  ((${#missing[@]} == 0)) || { echo "${missing[*]}"; return 1; }
}
