"""The ratios that ebbpool was asked to reach, and whether it does."""

from . import memory_targets
from .rows import Row, at_least, at_most, no_more
from .samples import Spread, number
from .text import of_threads


def all_rows(samples):
    return [*_thread_local(samples), *_against_go(samples), *_cycles(samples),
            *memory_targets.all_rows(samples)]


def _thread_local(samples):
    lists = (("tls_list", "owning thread-local list"), ("tls_raw", "bare thread-local array"))
    shapes = (("pair", "inlined"), ("pair_in_call", "in a function"))
    for case, shape in shapes:
        for system, words in lists:
            for threads, limit in ((1, 1.15), (16, 1.25)):
                what = f"get+put {shape}, {of_threads(threads)}, against {words}"
                yield at_most(what, limit, samples.merged("suite", case, "ebb", threads, f"vs_{system}"))
    for system, words in lists:
        for threads, limit in ((1, 3.5), (2, 3.5), (16, 4.5)):
            what = f"100 gets then 100 puts, {of_threads(threads)}, against {words}"
            yield at_most(what, limit, samples.merged("suite", "burst", "ebb", threads, f"vs_{system}"))


def _against_go(samples):
    for case, limit in (("Pool", 6), ("PoolOverflow", 8), ("PoolStarvation", 4)):
        for threads in (1, 2):
            spread = samples.ratio(("go", case, "go", threads), ("go", case, "rseq", threads))
            yield at_least(f"Go's {case}, {of_threads(threads)}", limit, spread)
    for threads in (1, 2):
        spread = samples.ratio(("go", "Pool", "portable", threads), ("go", "Pool", "go", threads))
        yield at_most(f"Portable path against Go's Pool, {of_threads(threads)}", 1.5, spread)
    stw = ("go", "PoolSTW", "rseq", 2)
    for part, words in (("p50", "median"), ("p95", "95th percentile")):
        yield no_more(
            f"PoolSTW: a user's longest gap in a cycle, {words}, against as long a time without",
            "no pause", _thousandth(samples.spread(*stw, f"gap_during_{part}_ns")),
            _thousandth(samples.spread(*stw, f"gap_without_{part}_ns")), " us")
    made = [samples.spread("go", "PoolExpensiveNew", system, 2, "made_per_op")
            for system in ("rseq", "go")]
    yield no_more("PoolExpensiveNew: objects made per op, against Go", "no more", *made, "")


def _cycles(samples):
    key = ("pauses", "pauses", "rseq", 4)
    worst = samples.get(*key, "collect_without_wait_p100_ns")
    what = "collect(), 4 busy threads: worst, its wait for a CPU taken off"
    if worst and all(samples.get(*key, "wait_known")):
        calls = int(sum(samples.get(*key, "calls")))
        yield Row(what, "< 1 ms", f"{number(max(worst) / 1000)} us in {calls} calls", max(worst) < 1e6)
    else:
        yield Row(what, "< 1 ms", "", None)
    during, without = (samples_of_blocks(samples, f"{kind}_99.99th")
                       for kind in ("pool_with_cycles", "pool_without"))
    yield no_more("Users' 99.99th percentile with a cycle each millisecond, against without",
                  "the same", during, without, " ns")


def samples_of_blocks(samples, name, system="rseq"):
    """The spread over the blocks of ebb_pauses, which it has taken itself; the median of the runs."""
    key = ("pauses", "pauses", system, 4)
    parts = [samples.spread(*key, f"{name}_p{percent}_ns") for percent in (50, 10, 90)]
    return None if None in parts else Spread(*(part.median for part in parts))


def _thousandth(spread):
    return spread and Spread(spread.median / 1000, spread.p10 / 1000, spread.p90 / 1000)
