"""Bounded pools: who finds none free waits for one."""

from .measurements import number
from .text import of_threads, table

OURS = "ebb_resource_pool"
CROWD = 64
CAPACITY = 8
LOOPS = {"bounded_alone": 1, "bounded_two": 2}
CROWDS = {
    "bounded_crowd_nothing": "for nothing",
    "bounded_crowd_computing": "for 10 us of computing",
    "bounded_crowd_sleeping": "for 1 ms of sleep",
}
NO_JAVA = r"(?!java).*"  # whose compiler needs seconds to warm up
UNITS = {"per_s": "1/s", "worst_to_fair": "fair shares", "fewest": "of the mean", "most": "of the mean"}
# What an acquire() with its release is to be ahead of, and what it is not to be behind.
AHEAD_OF = ("java_commons_bounded", "java_hikaricp", "go_puddle", "go_database_sql")
NOT_BEHIND = ("poco_bounded",)
PEERS = (*AHEAD_OF, *NOT_BEHIND, "java_commons_fair")
READING = f"""\
Pools in which at most so many may be open, and whose callers wait. Times without a wait are nanoseconds for one
acquire with its release as each thread sees it, in a function that is called for each. Then {CROWD} threads
share {CAPACITY}, and each takes the next one as soon as it has given one back. "Worst" is the longest wait of a
slice, in units of the fair share: {CROWD} divided by the acquires per second, which is the time from one turn to
the next if all are served in turn. A slice is 0.3 s, and no wait can be much longer. "Fewest" and "most" are
the acquires of the threads that had fewest and most, divided by the mean. All are medians over the slices; in
brackets how many times as much as ebbpool's `acquire()`, the median of the ratios of each round."""
UNFAIR = """\
What is unfair, and to whom:

- Held for nothing, a resource is back before another thread gets a core. A pool without order then serves one
  thread for as long as the scheduler leaves it there; one that serves in turn changes threads for each acquire.
- Go's 64 are goroutines on as many threads as there are cores, and a change between them needs no system call.
  One that computes is preempted after 10 ms at the earliest, and one that never came to run in a slice has had no
  acquire and no wait, so its longest waits are too short.
- `go_puddle` and `go_database_sql` wait with a context that has no end, which is cheapest. `mutex_condition` and
  `ebb_resource_pool` wait without a limit, too; Poco, commons-pool2, HikariCP and `ebb_resource_pool_for` with
  one of 30 s.
- `go_database_sql` keeps who waits in a map, and Go 1.19 serves one at random.
- HikariCP looks into a list of the thread's own first, and offers what comes back to who waits without reserving
  it: whoever comes by may take it before. A pair costs it one call through `java.lang.reflect.Proxy`.
- commons-pool2 comes as it is (`java_commons_bounded`) and with fair locks (`java_commons_fair`).
- No pool checks a resource; HikariCP would, after half a second of rest. Connections of HikariCP and of
  `go_database_sql` are not written to, of all others one word is.
- `mutex_condition` is written by hand and can do nothing else: no errors, no limit, no end, no figures.
- `bounded_turns` can do less: it hands over in order, and has no other purpose. A pool in order cannot be much faster
  than it, nor have shorter worst waits ([why](resource_pool.md#what-serving-in-order-costs))."""


def measure(bench):
    bench.say(f"bounded pools: 1 and 2 threads, and {CROWD} that share {CAPACITY}")
    systems = bench.choose(NO_JAVA, ".*")
    bench.lineup("bounded_.*", (1, 2, CROWD), bench.choose(20, 100), systems, UNITS,
                 foreign=bench.foreign.bounded_commands(), rounds_sharing=bench.choose(1, 5))


def verdicts(results):
    """What was asked for, what this run shows, and whether that is it."""
    mine = results.get("bounded_alone", OURS, 1)
    if mine is None:
        return
    yield "resource_pool, acquire and release of an idle one: at most 60 ns", mine.text(" ns"), mine.median <= 60
    for words, systems in (("ahead of", AHEAD_OF), ("not behind", NOT_BEHIND)):
        for system in systems:
            ratio = results.ratio("bounded_alone", system, OURS, 1)
            if ratio:
                yield f"the same: {words} {system}", f"it takes {ratio.text('x')}", ratio.median >= 1
    for case, words in CROWDS.items():
        yield from _of_crowd(results, case, words)


def _of_crowd(results, case, words):
    others = [s for s in results.systems(case, CROWD, "per_s") if s in PEERS]
    worst = results.get(case, OURS, CROWD, "worst_to_fair")
    if not others or worst is None:
        return
    best = others[-1]
    ratio = results.ratio(case, OURS, best, CROWD, "per_s")
    yield (f"{CROWD} threads share {CAPACITY}, held {words}: throughput of the best of them",
           f"{ratio.text('x')} of {best}", ratio.median >= 1)
    yield "the same: the worst wait within twice the fair share", worst.text("x"), worst.median <= 2


def markdown(results):
    if not results.systems("bounded_alone", 1):
        return []
    asked = table(("asked", "measured", "shown?"), [(what, measured, "yes" if shown else "**no**")
                                                    for what, measured, shown in verdicts(results)])
    parts = ["## Bounded pools", READING, asked, "### Nobody waits", _loops(results), "![](bounded.png)"]
    for case, words in CROWDS.items():
        parts += [f"### {CROWD} threads share {CAPACITY}, held {words}", _crowd(results, case)]
    return [*parts, UNFAIR]


def _loops(results):
    rows = [[system, *(_cell(results, case, system, threads, "ns") for case, threads in LOOPS.items())]
            for system in results.systems("bounded_alone", 1)]
    return table(("ns", *(of_threads(threads) for threads in LOOPS.values())), rows)


def _crowd(results, case):
    rows = []
    for system in reversed(results.systems(case, CROWD, "per_s")):
        waits = (results.get(case, system, CROWD, f"wait_{part}") for part in ("p50", "p99", "max"))
        shares = (results.get(case, system, CROWD, metric) for metric in ("worst_to_fair", "fewest", "most"))
        held = results.get(case, system, CROWD, "held_p50")
        rows.append([system, _cell(results, case, system, CROWD, "per_s", 1000),
                     *(number(wait.median / 1000) for wait in waits), *(number(share.median) for share in shares),
                     *([] if held is None or case == "bounded_crowd_nothing" else [number(held.median / 1000)])])
    head = ["system", "1000 acquires/s", "wait p50, us", "p99, us", "max, us", "worst, fair shares", "fewest",
            "most"]
    return table((*head, *([] if case == "bounded_crowd_nothing" else ["held p50, us"])), rows)


def _cell(results, case, system, threads, metric, scale=1):
    spread = results.get(case, system, threads, metric)
    if spread is None:
        return ""
    ratio = results.ratio(case, system, OURS, threads, metric)
    factor = f" ({number(ratio.median)}x)" if ratio and system != OURS else ""
    return number(spread.median / scale) + factor
