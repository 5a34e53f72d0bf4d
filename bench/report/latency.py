"""How long single gets and puts take: the tail."""

from .measurements import number
from .text import table

CASES = {
    "latency_alone": "one thread, nothing else",
    "latency_uncycled": "one thread, and a thread that uses the CPU as a cycle does, every 10 ms",
    "latency_cycles": "one thread, and a cycle every 10 ms (Go: a garbage collection)",
    "latency_crowded": "16 threads",
}
THREADS = {"latency_alone": 1, "latency_uncycled": 1, "latency_cycles": 1, "latency_crowded": 16}
QUICK = "ebb|ebb_portable|tls_list|tls_overflow|mutex_vector|new_delete|moodycamel_queue|go_sync_pool"
PERCENTILES = ("p50", "p99", "p99.9", "p99.99", "max")
READING = """\
Nanoseconds from before a call to after it, the clock included (the first column of the table says what two
readings of it in a row give); the median over the slices of what each slice saw. A cell is of get and of
put. The maximum is mostly the scheduler's. The first get after a cycle looks into the victim, about 2
microseconds: one in 10,000 gets would be one if a cycle came every 2 ms; it comes every 5 s unless somebody
asks for more."""


def measure(bench):
    for case, words in CASES.items():
        bench.say(f"single gets and puts: {words}")
        bench.lineup(case, (THREADS[case],), 10, bench.choose(QUICK, ".*"))


def markdown(results):
    parts = ["## Latency of single operations", READING, "![](latency.png)"]
    for case, words in CASES.items():
        threads = THREADS[case]
        systems = results.systems(case, threads, "get_p99.99")
        if not systems:
            continue
        rows = []
        for system in systems:
            clock = results.get(case, system, threads, "clock_p50")
            rows.append([system, number(clock.median) if clock else "",
                         *(_cell(results, case, system, threads, p) for p in PERCENTILES)])
        parts += [f"### {words}", table(("get / put, ns", "clock alone", *PERCENTILES), rows)]
    return parts


def _cell(results, case, system, threads, percentile):
    both = [results.get(case, system, threads, f"{operation}_{percentile}") for operation in ("get", "put")]
    return " / ".join(number(spread.median) for spread in both if spread)


def cycles_verdict(results):
    """A sentence about the claim that cycles do not lengthen the tail."""
    sides = {}
    for operation in ("get", "put"):
        with_it, without = (results.get(case, "ebb", 1, f"{operation}_p99.99")
                            for case in ("latency_cycles", "latency_uncycled"))
        if with_it is None or without is None:
            return ""
        sides[operation] = (with_it, without)
    within = all(with_it.median <= without.p90 for with_it, without in sides.values())
    figures = "; ".join(f"{operation} {with_it.text(' ns')} against {without.text(' ns')}"
                        for operation, (with_it, without) in sides.items())
    return (f"The 99.99th percentile of ebbpool with a cycle every 10 ms, against without: {figures}: "
            f"{'no difference beyond the spread' if within else '**longer with cycles**'}.")
