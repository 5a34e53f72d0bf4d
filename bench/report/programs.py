"""Runs the benchmark programs and turns what they print into samples."""

import json
import os
import re
import shutil
import subprocess

GO_THROUGHPUT = ("Pool", "PoolOverflow", "PoolStarvation")
GO_BUFFERS = ("ByteBuffer16", "ByteBuffer1K")  # in need of a package besides Go
GO_PACKAGES = "/usr/share/gocode"  # where Debian puts the sources of packages
PATHS = {"rseq": {}, "portable": {"EBB_RSEQ": "off"}}

# Who serves malloc() and operator new, by LD_PRELOAD, while the cases of memory run.
ALLOCATORS = {
    "glibc": None,
    "tcmalloc": "libtcmalloc_minimal.so.4",
    "jemalloc": "libjemalloc.so.2",
    "mimalloc": "libmimalloc.so.2",
}
MEMORY_CASES = "^(buffers|blocks_|containers|handover)"


class Programs:
    def __init__(self, build_dir, samples):
        self.samples = samples
        self.folder = os.path.join(build_dir, "bench")
        self.notes = []  # what is missing
        missing = [name for name in ("ebb_bench", "ebb_allocations", "ebb_go_cases", "ebb_pauses")
                   if not os.access(self._path(name), os.X_OK)]
        if missing:
            raise SystemExit(f"{self.folder} has no {', '.join(missing)}: build the benchmarks first")
        self.allocators = [name for name in ALLOCATORS if self._has_allocator(name)]
        self.without_go = ()  # cases whose Go half is missing
        self.go = self._build_go()

    def suite(self, rounds, path):
        """The cases of objects and of text; on the portable path only ebbpool's: nothing else changes."""
        if path == "portable":
            self._bench("suite", "^(pair|burst|starvation|text).*/ebb", rounds, PATHS[path], " portable")
        else:
            self._bench("suite", "-" + MEMORY_CASES, rounds, PATHS[path], "")

    def memory(self, rounds):
        """The cases of memory, beside one allocator after the other."""
        for name in self.allocators:
            cases = MEMORY_CASES + ("" if name == "glibc" else ".*/(ebb|pmr)")
            self._bench("memory", cases, rounds, self._preload(name), " " + name)
        self._bench("memory", MEMORY_CASES + ".*/ebb", rounds, PATHS["portable"], " portable")

    def allocations(self):
        self._add_line("allocations", "text", "all", 1, self._run(["ebb_allocations"], {}))

    def go_case(self, case, threads, benchtime):
        """One of Go's benchmarks on both paths of ebbpool and on Go, one after another."""
        arguments = [case, str(threads), benchtime]
        for path, environment in PATHS.items():
            self._add_line("go", case, path, threads, self._run(["ebb_go_cases", *arguments], environment))
        if self.go and case not in self.without_go:
            self._add_line("go", case, "go", threads, self._run([self.go, *arguments], {}))

    def pauses(self, calls, blocks):
        for path, environment in PATHS.items():
            line = self._run(["ebb_pauses", str(calls), str(blocks)], environment)
            self._add_line("pauses", "pauses", path, 4, line)

    def _bench(self, program, cases, rounds, environment, suffix):
        command = ["ebb_bench", f"--rounds={rounds}", "--benchmark_format=json",
                   f"--benchmark_filter={cases}"]
        entries = {}
        for entry in json.loads(self._run(command, environment))["benchmarks"]:
            case, system, threads = re.match(r"(\w+)/(\w+)/threads:(\d+)", entry["name"]).groups()
            entries[case, system, int(threads)] = entry
        for (case, system, threads), entry in entries.items():
            metrics = {name: value for name, value in entry.items() if re.match(r"ns(_p\d+)?$|vs_", name)}
            self.samples.add((program, case, system + suffix, threads), metrics)
            # Those it was compared with and that have no entry of their own.
            for other in (name[len("ns_of_"):] for name in entry if re.match(r"ns_of_.*(?<!_p\d\d)$", name)):
                if (case, other, threads) not in entries:
                    times = {"ns" + part: entry[f"ns_of_{other}{part}"] for part in ("", "_p10", "_p90")}
                    self.samples.add((program, case, other + suffix, threads), times)

    @staticmethod
    def _preload(allocator):
        return {"LD_PRELOAD": ALLOCATORS[allocator]} if ALLOCATORS[allocator] else {}

    def _has_allocator(self, name):
        if ALLOCATORS[name] is None:
            return True
        command = ["ebb_bench", "--rounds=1", "--benchmark_format=json",
                   "--benchmark_filter=^pair/ebb/threads:1/"]
        context = json.loads(self._run(command, self._preload(name)))["context"]
        if context["malloc"].startswith(ALLOCATORS[name].split(".so")[0]):
            return True
        self.notes.append(f"{name} is not installed ({ALLOCATORS[name]}), so nothing is compared with it.")
        return False

    def _add_line(self, program, case, system, threads, line):
        metrics = {name: value for name, value in json.loads(line).items()
                   if isinstance(value, (int, float)) and name != "threads"}
        self.samples.add((program, case, system, threads), metrics)

    def _run(self, command, environment):
        command = [self._path(command[0]), *command[1:]]
        done = subprocess.run(command, env={**os.environ, **environment}, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return done.stdout

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _build_go(self):
        """The name of Go's half, or None when there is no Go."""
        if shutil.which("go") is None:
            self.notes.append("Go is not installed, so nothing is compared with it.")
            return None
        name = "ebb_go_peers"
        source = os.path.join(os.path.dirname(__file__), "..", "go")
        output = os.path.abspath(self._path(name))
        tags = []
        if os.path.isdir(os.path.join(GO_PACKAGES, "src/github.com/valyala/bytebufferpool")):
            tags = ["-tags", "bytebufferpool"]
        else:
            self.notes.append("The Go package bytebufferpool is not installed "
                              "(golang-github-valyala-bytebufferpool-dev), so nothing is compared with it.")
            self.without_go = GO_BUFFERS
        # By GOPATH and not by modules: Debian's sources have no go.mod.
        subprocess.run(["go", "build", *tags, "-o", output, "."], cwd=source, check=True,
                       env={**os.environ, "GO111MODULE": "off", "GOPATH": GO_PACKAGES, "GOFLAGS": ""})
        return name
