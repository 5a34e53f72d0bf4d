"""What the sections of the report measure with: the programs, the systems, and where results go."""

import json
import os
import re
import subprocess
import sys
import time

from .foreign import Foreign
from .measurements import Measurements

# jemalloc needs this much room for its thread-local variables when it is opened at run time.
TUNABLES = {"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=16384"}


class Bench:
    def __init__(self, build_dir, quick):
        self.build_dir = os.path.abspath(build_dir)
        self.folder = os.path.join(self.build_dir, "bench")
        self.quick = quick
        self.results = Measurements()
        self.notes = []  # what is missing, in sentences
        self.start = time.monotonic()
        if not os.access(self.path("ebb_bench"), os.X_OK):
            raise SystemExit(f"{self.folder} has no ebb_bench: build the benchmarks first")
        self.foreign = Foreign(self)
        self.peers = self._peers()

    def say(self, text):
        print(f"[{time.monotonic() - self.start:4.0f} s] {text}", file=sys.stderr, flush=True)

    def choose(self, quick, full):
        return quick if self.quick else full

    @staticmethod
    def environment():
        return {**os.environ, **TUNABLES}

    def path(self, program):
        return os.path.join(self.folder, program)

    def lines(self, program, *arguments, environment=None):
        """Runs a program of the build; what it prints, each line an object."""
        done = subprocess.run([self.path(program), *map(str, arguments)], check=True, text=True,
                              stdout=subprocess.PIPE, env={**self.environment(), **(environment or {})})
        return [json.loads(line) for line in done.stdout.splitlines()]

    def add_lines(self, lines, system_suffix="", units=()):
        """Takes over what a lineup printed."""
        units = dict(units)
        for line in lines:
            metric = line["metric"]
            self.results.add(line["case"], line["system"] + system_suffix, line["threads"], metric,
                             line["samples"], units.get(metric, "ns"))

    def lineup(self, cases, threads, rounds, systems=".*", units=(), foreign=None, rounds_sharing=10):
        """Cases of objects on all systems in turns; both by regular expressions. `foreign` is what starts the
        systems in other languages."""
        arguments = ["run", "--cases", cases, "--systems", systems, "--rounds", rounds,
                     "--rounds-sharing", rounds_sharing, "--threads", ",".join(map(str, threads))]
        for name, command in (self.foreign.commands() if foreign is None else foreign).items():
            if re.fullmatch(systems, name):
                arguments += ["--foreign", f"{name}={command}"]
        self.add_lines(self.lines("ebb_bench", *arguments), units=units)

    def _peers(self):
        """The names of the systems in C++ that can be used here."""
        peers = []
        for line in self.lines("ebb_bench", "list"):
            if line["missing"]:
                self.notes.append(f"{line['system']} is missing: {line['missing']}.")
            else:
                peers.append(line["system"])
                self.results.versions[line["system"]] = line["version"]
        return peers
