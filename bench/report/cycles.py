"""What a cycle costs those who run it."""

from .measurements import number
from .text import table

READING = """\
`collect()` while four threads get and put, in microseconds, next to a control that uses the CPU as long and
touches no pool. "Without wait" has the time taken off that the thread was ready and had no CPU, as the
kernel counts it. Then what the background thread's `malloc_trim(0)` takes after a pool destroyed that much."""


def measure(bench):
    bench.say("cycles with busy threads")
    for path, environment in (("ebb", {}), ("ebb_portable", {"EBB_RSEQ": "off"})):
        seen = bench.lines("ebb_pauses", bench.choose(500, 1000), environment=environment)[0]
        for metric, value in seen.items():
            unit = "ns" if metric.endswith("_ns") else ""
            bench.results.add("cycles", path, 4, metric, [value], unit)


def markdown(results):
    rows = []
    for system in ("ebb", "ebb_portable"):
        for name, words in (("collect", "collect()"), ("control", "as much CPU time without a pool")):
            for kind in ("wall", "without_wait"):
                spreads = [results.get("cycles", system, 4, f"{name}_{kind}_p{percent}_ns")
                           for percent in (50, 99, 100)]
                if all(spreads):
                    rows.append([f"{words}, {kind.replace('_', ' ')}, {system}",
                                 *(number(spread.median / 1000) for spread in spreads)])
        for mib in (64, 1024):
            spreads = [results.get("cycles", system, 4, f"trim_{mib}_mib_p{percent}_ns") for percent in (50, 99, 100)]
            if all(spreads):
                rows.append([f"malloc_trim(0) after {mib:,} MiB, {system}",
                             *(number(spread.median / 1000) for spread in spreads)])
    return ["## Cycles", READING, table(("us", "median", "99th", "worst"), rows)]
