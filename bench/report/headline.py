"""The first table: where ebbpool stands in every case of objects, and who is ahead of it."""

from .measurements import number
from .objects import CASES
from .text import of_threads, table

OWN = ("ebb", "ebb_portable", "ebb_bulk", "ebb_tiers")
LISTS = ("tls_list", "tls_raw", "tls_overflow")
READING = """\
Medians in nanoseconds, as each thread sees it. "Ahead" are all systems whose median ratio to ebbpool's rseq
path is below 1, with that ratio. A thread-local list shares nothing between threads: an object put by
another thread than got it is of no use to the getter, and what lies in the list of a thread that rests is
nobody's; `tls_raw` also leaks when a thread ends. With a global overflow, in the manner of brpc's
ObjectPool, it shares by chunks of 256, is one for each type and not for each pool, and never gives memory
back."""


def markdown(results):
    rows = []
    for case, words in CASES.items():
        for threads in results.threads(case):
            systems = results.systems(case, threads)
            if "ebb" not in systems:
                continue
            others = [s for s in systems if s not in OWN + LISTS]
            rows.append([f"{words}, {of_threads(threads)}",
                         *(_time(results, case, s, threads) for s in ("ebb", "ebb_portable", *LISTS)),
                         _named(results, case, others[0], threads) if others else "",
                         _factor(results, case, "go_sync_pool", threads),
                         ", ".join(_ahead(results, case, threads)) or "nobody"])
    head = ("case", "ebb", "ebb portable", "tls_list", "tls_raw", "tls_overflow", "fastest other",
            "Go's sync.Pool", "ahead of ebb")
    return [READING, table(head, rows)]


def _time(results, case, system, threads):
    spread = results.get(case, system, threads)
    return number(spread.median) if spread else ""


def _named(results, case, system, threads):
    return f"{system} {_time(results, case, system, threads)}"


def _factor(results, case, system, threads):
    ratio = results.ratio(case, system, "ebb", threads)
    return f"{number(ratio.median)}x" if ratio else ""


def _ahead(results, case, threads):
    for system in results.systems(case, threads):
        if system in OWN:
            continue
        ratio = results.ratio(case, system, "ebb", threads)
        if ratio and ratio.median < 1:
            yield f"{system} {number(ratio.median)}x"
