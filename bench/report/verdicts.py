"""What ebbpool was asked to show, and whether this run shows it."""

from . import bounded, latency
from .give_back import THREADS as BURST_THREADS
from .headline import LISTS, OWN
from .memory import ALLOCATORS
from .measurements import number
from .objects import CASES
from .text import of_threads, table

LIST = "tls_list"
# They keep nothing for the next user, or at most 256 objects, so there is little that could go back.
KEEP_NOTHING = ("tls_list", "tls_raw", "new_delete", "tcmalloc", "jemalloc", "mimalloc", "tbb_allocator",
                "boost_fast_pool_allocator", "pmr_synchronized", "pmr_unsynchronized")


def markdown(results):
    rows = [*_first(results), *_go(results), *_memory_comes_back(results), *_buffers(results), *_blocks(results),
            *_cycles(results), *bounded.verdicts(results)]
    asked = table(("asked", "measured", "shown?"), [(what, measured, "yes" if shown else "**no**")
                                                    for what, measured, shown in rows])
    parts = ["How near to a thread-local list a restartable sequence can come at all: `docs/costs.md`.", asked]
    if sentence := latency.cycles_verdict(results):
        parts.append(sentence)
    return "\n\n".join(parts)


def _first(results):
    """First among all that share objects, and close to the thread-local list that shares none."""
    for case, words in CASES.items():
        for threads in results.threads(case):
            mine = results.get(case, "ebb", threads)
            others = [s for s in results.systems(case, threads) if s not in OWN + LISTS]
            if mine is None or not others:
                continue
            nearest = results.ratio(case, others[0], "ebb", threads)
            what = f"{words}, {of_threads(threads)}: ahead of all but thread-local lists"
            yield what, f"{others[0]} takes {nearest.text('x')}", nearest.median >= 1
            to_list = results.ratio(case, "ebb", LIST, threads)
            if to_list:
                what = f"{words}, {of_threads(threads)}: at most 1.15x of the owning thread-local list"
                yield what, to_list.text("x"), to_list.median <= 1.15


def _go(results):
    for case, words in CASES.items():
        for threads in results.threads(case):
            ratio = results.ratio(case, "go_sync_pool", "ebb", threads)
            if ratio:
                yield f"{words}, {of_threads(threads)}: 6 times as fast as Go", ratio.text("x"), ratio.median >= 6
    for size, case, factors in (("16 bytes", "ByteBuffer16", (3, 8)), ("1 KiB", "ByteBuffer1K", (1.4, 4))):
        for threads, factor in zip((1, 2), factors):
            ratio = results.ratio(case, "go", "ebb", threads, "ns_per_op")
            if ratio:
                yield (f"byte buffers, {size}, {of_threads(threads)}: {factor} times as fast as Go's bytebufferpool",
                       ratio.text("x"), ratio.median >= factor)


def _memory_comes_back(results):
    """Of pools, whose memory is back near where it began, with nobody's help."""
    back, kept = [], []
    for system in results.systems("give_back", BURST_THREADS, "at_the_end"):
        start, full, end = (results.get("give_back", system, BURST_THREADS, metric).median
                            for metric in ("start", "full", "at_the_end"))
        if system not in KEEP_NOTHING:
            (back if end - start < 0.1 * (full - start) else kept).append(system)
    if back or kept:
        yield ("after a burst, ebbpool alone gives the memory of idle objects back by itself",
               f"back within a tenth: {', '.join(back) or 'none'}; kept: {', '.join(kept) or 'none'}",
               set(back) <= {"ebb", "ebb_portable"} and "ebb" in back)


def _buffers(results):
    for system, least in (("ebb_min_2", 2), ("ebb_min_1024", 1024)):
        for threads in (1, 2, 16):
            ratios = {a: results.ratio("buffers", f"{system} beside {a}", f"malloc_free beside {a}", threads)
                      for a in ALLOCATORS}
            ratios = {a: ratio.median for a, ratio in ratios.items() if ratio}
            if ratios:
                yield (f"buffer_pool from {least} bytes on, vitess' benchmark, {of_threads(threads)}: ahead of malloc",
                       ", ".join(f"{a} {number(ratio)}x" for a, ratio in ratios.items()), max(ratios.values()) < 1)


def _blocks(results):
    for case, size in (("blocks_64", "64 bytes"), ("blocks_mix", "8 to 2048 bytes")):
        for threads, factor in ((1, 8), (4, 20)):
            ratio = results.ratio(case, "std_synchronized beside glibc", "ebb beside glibc", threads)
            if ratio:
                yield (f"pool_resource, {size}, {of_threads(threads)}: {factor} times as fast as "
                       "std::pmr::synchronized_pool_resource", ratio.text("x"), ratio.median >= factor)
    for system in ("ebb", "ebb_allocator"):
        for threads in (1, 2):
            ratio = results.ratio("containers", f"{system} beside tcmalloc", "std beside tcmalloc", threads)
            if ratio:
                yield (f"containers on {system}, {of_threads(threads)}: not slower than with tcmalloc's operator new",
                       ratio.text("x"), ratio.median <= 1)
    for threads in (1, 2):
        ratio = results.ratio("text", "std_ostringstream", "ebb_ostream", threads)
        if ratio:
            yield (f"pooled_ostream, {of_threads(threads)}: twice as fast as std::ostringstream", ratio.text("x"),
                   ratio.median >= 2)


def _cycles(results):
    worst = results.get("cycles", "ebb", 4, "collect_without_wait_p100_ns")
    if worst:
        yield ("collect() with 4 busy threads: worst below 1 ms, its wait for a CPU taken off",
               f"{number(worst.median / 1000)} us", worst.median < 1e6)
    made = [results.get("PoolExpensiveNew", system, 2, "made_per_op") for system in ("ebb", "go")]
    if all(made):
        yield ("PoolExpensiveNew: no more objects made than with Go",
               f"{made[0].text()} against {made[1].text()}", made[0].median <= made[1].p90)
