"""Where the numbers come from."""

import os
import platform
import re
import shutil
import subprocess

from .text import table


# The peers that come from Debian.
PACKAGES = ("libtcmalloc-minimal4", "libjemalloc2", "libmimalloc2.0", "libtbb12", "libtbbmalloc2",
            "libboost1.74-dev", "libconcurrentqueue-dev", "libpocofoundation80", "libcds2.3.3", "golang-go",
            "golang-github-valyala-bytebufferpool-dev", "golang-github-jackc-puddle-dev", "libcommons-pool2-java",
            "libhikaricp-java", "libnetty-java", "zlib1g",
            "libzstd1", "libpcre2-8-0", "rapidjson-dev", "wrk")


def describe(bench):
    """Name and value of everything that a number depends on."""
    build_dir = bench.build_dir
    compiler = _from_cache(build_dir, "CMAKE_CXX_COMPILER") or "c++"
    facts = {
        "CPU": _cpu_model(),
        "Cores": str(os.cpu_count()),
        "Kernel": f"{platform.system()} {platform.release()}",
        "C library": " ".join(platform.libc_ver()),
        "C++ compiler": _first_line([compiler, "--version"]),
        "C++ flags of the benchmarks": "-O2",
        "CMake build type": _from_cache(build_dir, "CMAKE_BUILD_TYPE") or "none",
        "Go": _first_line(["go", "version"]) if shutil.which("go") else "none",
        "Java": _first_line(["java", "--version"]) if shutil.which("java") else "none",
        "Debian packages": ", ".join(_packages()),
        "Load average before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }
    return facts


def markdown(facts):
    return table(("", ""), facts.items())


def _packages():
    """Name and version of those that are installed."""
    if shutil.which("dpkg-query") is None:
        return []
    command = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *PACKAGES]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return [line for line in done.stdout.split("\n") if " " in line.strip()]


def _cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^(?:model name|CPU part)\s*: (.*)$", file.read(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def _from_cache(build_dir, variable):
    try:
        with open(os.path.join(build_dir, "CMakeCache.txt"), encoding="utf-8") as file:
            found = re.search(rf"^{variable}:\w+=(.*)$", file.read(), re.MULTILINE)
    except OSError:
        return None
    return found.group(1) if found else None


def _first_line(command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.split("\n")[0]
