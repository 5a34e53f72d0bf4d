"""A whole program: examples/catalog_server with each kind of pool, under wrk."""

import os
import subprocess

from .text import table

SOURCE = os.path.join(os.path.dirname(__file__), "../../examples/catalog_server")
METRICS = ("requests_per_s", "p50", "p99", "cpu_per_request", "allocations", "peak", "after")
UNITS = ("1/s", "ms", "ms", "us", "per request", "MiB", "MiB")
READING = """\
An HTTP server that answers queries over the ISO catalogues and compresses the answers, under wrk, server
and clients on this machine; what is pooled are deflate streams, buffers, writers and the memory of strings.
Two thirds of a request is zlib."""


def measure(bench):
    if bench.quick:
        bench.notes.append("The whole program is measured without --quick only.")
        return
    server = os.path.join(bench.build_dir, "examples/catalog_server/catalog_server")
    if not os.access(server, os.X_OK):
        bench.notes.append("catalog_server was not built, so the whole program was not measured.")
        return
    bench.say("catalog_server under wrk with each kind of pool")
    environment = {**os.environ, "DEMO_ROUNDS": "2", "DEMO_LOAD_S": "3",
                   "DEMO_QUIET_S": "4"}
    done = subprocess.run([os.path.join(SOURCE, "demo/run.sh"), bench.build_dir], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        bench.notes.append(f"The whole program was not measured: {done.stdout.strip().splitlines()[-1]}.")
        return
    with open(os.path.join(bench.build_dir, "demo/results.txt"), encoding="ascii") as file:
        for line in file:
            mode, *values = line.split()
            for metric, unit, value in zip(METRICS, UNITS, values):
                bench.results.add("catalog_server", mode, 8, metric, [float(value)], unit)


def markdown(results):
    modes = results.systems("catalog_server", 8, "p50")
    if not modes:
        return []
    rows = [[mode, *(results.get("catalog_server", mode, 8, metric).text() for metric in METRICS)]
            for mode in ("ebb", "mutex", "none") if mode in modes]
    head = ("pool", "requests/s", "p50 ms", "p99 ms", "CPU us per request", "heap allocations per request",
            "peak MiB", "after the load MiB")
    return ["## A whole program", READING, table(head, rows)]
