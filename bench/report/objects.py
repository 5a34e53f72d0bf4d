"""The cases in which objects are taken and given back."""

from .measurements import number
from .text import of_threads, table

CASES = {
    "pair": "get+put in a loop",
    "pair_in_call": "get+put in a function",
    "burst_10": "10 gets, 10 puts",
    "burst_100": "100 gets, 100 puts",
    "burst_1000": "1000 gets, 1000 puts",
    "starvation": "67 puts, 100 gets",
    "handover": "got here, put there",
}
# The more threads than CPUs, the longer the slices: not every case is worth it.
THREADS = {"pair": (1, 2, 4, 16, 64), "pair_in_call": (1, 2, 16), "burst_100": (1, 2, 16), "handover": (2, 4)}
NO_JAVA = r"(?!java).*"  # whose compiler needs a second to warm up, for each case
READING = """\
Nanoseconds of wall time for one get with its put as each thread sees it (starvation: for all 167): the
length of a slice, divided by the operations that each thread did in it. With more threads than cores it
includes the waiting for a core. In brackets: how many times as long as ebbpool's, the median of the ratios
of each round."""


def measure(bench):
    for case, words in CASES.items():
        threads = THREADS.get(case, (1, 2))
        systems = ".*"
        if bench.quick:
            threads = [n for n in threads if n <= 2 or (case, n) == ("pair", 16)]
            systems = ".*" if case == "burst_100" else NO_JAVA
        bench.say(f"all systems in turns: {words}, {', '.join(map(str, threads))} threads")
        bench.lineup(case, threads, bench.choose(10, 25), systems)


def markdown(results):
    parts = ["## Objects: all systems in turns", READING, "![](bursts.png)"]
    threads = sorted({n for case in CASES for n in results.threads(case)})
    for n in threads:
        cases = [case for case in CASES if n in results.threads(case)]
        systems = sorted({s for case in cases for s in results.systems(case, n)},
                         key=lambda s: _rank(results, cases[0], s, n))
        rows = [[system, *(_cell(results, case, system, n) for case in cases)] for system in systems]
        parts += [f"### {of_threads(n)}", table(("system", *(CASES[case] for case in cases)), rows)]
    return parts


def _rank(results, case, system, threads):
    spread = results.get(case, system, threads)
    return (spread is None, spread and spread.median, system)


def _cell(results, case, system, threads):
    spread = results.get(case, system, threads)
    if spread is None:
        return ""
    ratio = results.ratio(case, system, "ebb", threads)
    factor = f" ({number(ratio.median)}x)" if ratio and system != "ebb" else ""
    return number(spread.median) + factor
