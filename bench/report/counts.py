"""What can be counted: the same every time, whatever else the machine does."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from .measurements import number
from .text import table

METRICS = ("instructions", "atomics", "fences", "syscalls")
READING = """\
Per get with its put, in the calling thread, counted by single-stepping it (`bench/counts`): instructions,
atomic read-modify-writes, fences and system calls. Instructions of the kernel are not counted. In a loop of
single pairs, and in bursts of 100, which include what full and empty lists cost."""


def measure(bench):
    bench.say("meanwhile: instructions, atomic operations and system calls of each system")

    def count(name):
        return subprocess.run([bench.path("ebb_step"), bench.path("ebb_bench"), "count", name],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                              env=bench.environment())

    # Side by side: counts do not depend on what else runs.
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        counted = list(executor.map(count, bench.peers))
    for name, done in zip(bench.peers, counted):
        if done.returncode != 0:
            if "takes no part" not in done.stderr:
                bench.notes.append(f"{name} could not be counted: {done.stderr.strip()}")
            continue
        base, pairs, bursts = (json.loads(line) for line in done.stdout.splitlines())
        for metric in METRICS:
            bench.results.add("count_pair", name, 1, metric, [(pairs[metric] - base[metric]) / 20], "per pair")
            bench.results.add("count_burst_100", name, 1, metric, [(bursts[metric] - 5 * base[metric]) / 100],
                              "per pair")


def markdown(results):
    rows = []
    for system in results.systems("count_pair", 1, "instructions"):
        rows.append([system, *(number(results.get(case, system, 1, metric).median)
                               for case in ("count_pair", "count_burst_100") for metric in METRICS)])
    head = ("system", *METRICS, *(f"{metric}, burst" for metric in METRICS))
    return ["## Counts", READING, table(head, rows)]
