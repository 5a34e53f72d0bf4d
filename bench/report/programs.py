"""Runs the benchmark programs and turns what they print into samples."""

import json
import os
import re
import shutil
import subprocess

GO_THROUGHPUT = ("Pool", "PoolOverflow", "PoolStarvation")
PATHS = {"rseq": {}, "portable": {"EBB_RSEQ": "off"}}
SUITE_METRICS = [name + suffix for name in ("ns", "vs_tls_list", "vs_tls_raw")
                 for suffix in ("", "_p10", "_p90")]


class Programs:
    def __init__(self, build_dir, samples):
        self.samples = samples
        self.folder = os.path.join(build_dir, "bench")
        self.go = self._build_go()
        missing = [name for name in ("ebb_bench", "ebb_go_cases", "ebb_pauses")
                   if not os.access(self._path(name), os.X_OK)]
        if missing:
            raise SystemExit(f"{self.folder} has no {', '.join(missing)}: build the benchmarks first")

    def suite(self, rounds, path):
        """Every case of ebb_bench; on the portable path only ebbpool's, for nothing else changes."""
        command = ["ebb_bench", f"--rounds={rounds}", "--benchmark_format=json"]
        if path == "portable":
            command.append("--benchmark_filter=/ebb")
        for entry in json.loads(self._run(command, PATHS[path]))["benchmarks"]:
            case, system, threads = re.match(r"(\w+)/(\w+)/threads:(\d+)", entry["name"]).groups()
            if path == "portable":
                system += " portable"
            self.samples.add(("suite", case, system, int(threads)),
                             {metric: entry[metric] for metric in SUITE_METRICS})

    def go_case(self, case, threads, benchtime):
        """One of Go's benchmarks on both paths of ebbpool and on Go, one after another."""
        arguments = [case, str(threads), benchtime]
        for path, environment in PATHS.items():
            self._add_line("go", case, path, threads, self._run(["ebb_go_cases", *arguments], environment))
        if self.go:
            self._add_line("go", case, "go", threads, self._run([self.go, *arguments], {}))

    def pauses(self, calls, blocks):
        for path, environment in PATHS.items():
            line = self._run(["ebb_pauses", str(calls), str(blocks)], environment)
            self._add_line("pauses", "pauses", path, 4, line)

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
            return None
        name = "ebb_go_peers"
        source = os.path.join(os.path.dirname(__file__), "..", "go")
        output = os.path.abspath(self._path(name))
        subprocess.run(["go", "build", "-o", output, "."], cwd=source, check=True,
                       env={**os.environ, "GOPROXY": "off", "GOFLAGS": "-buildvcs=false"})
        return name
