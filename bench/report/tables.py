"""report.md."""

from . import memory_tables
from .programs import GO_BUFFERS, GO_THROUGHPUT
from .samples import number
from .targets import samples_of_blocks
from .text import of_threads, table

READING = """\
Each cell is a median and, in brackets, the 10th and 90th percentile. Ratios are of neighbours in time:
of slices that took turns within one process, or of processes that took turns. They can be trusted
more than the times, which move with whatever else the machine does."""

SUITE = """\
Nanoseconds of wall time for one operation as each thread sees it: the length of a slice, divided by the
operations each thread did in it. With more threads than cores it includes the waiting for a core. One
operation is a get with its put; for starvation, 67 puts and 100 gets; for text, a text of 1 KiB."""

GO = """\
Nanoseconds of wall time, divided by the operations of all threads together, as Go's ns/op: two threads
that work side by side halve it."""

SYSTEMS = ("ebb", "ebb portable", "ebb_bulk", "ebb_bulk portable", "ebb_tiers", "ebb_tiers portable",
           "ebb_ostream", "ebb_ostream portable", "ebb_as_ostream", "ebb_as_ostream portable")
GO_SYSTEMS = ("rseq", "portable", "go")


def markdown(samples, rows, machine, command, notes):
    parts = [
        "# Benchmarks of ebbpool", *notes, READING,
        "## Asked and measured",
        table(("what", "asked", "measured", "reached?"),
              [(row.what, row.asked, row.measured, row.verdict()) for row in rows]),
        "## Side by side with other systems", SUITE, *_suite(samples),
        "## Side by side with allocators", memory_tables.READING, *memory_tables.memory_tables(samples),
        "## Go's benchmarks", GO, _go(samples),
        "## Cycles", _stw(samples), _expensive_new(samples), _collect(samples), _users(samples),
        "## Where", table(("", ""), machine.items()), f"Reproduce with `{command}`.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(spread, unit=""):
    return spread.text(unit) if spread else ""


def _suite(samples):
    keys = [key for key in samples.values if key[0] == "suite" and key[4] == "ns"]
    for case in dict.fromkeys(key[1] for key in keys):
        mine = [key for key in keys if key[1] == case]
        threads = sorted({key[3] for key in mine})
        systems = dict.fromkeys(key[2] for key in mine)
        ordered = [s for s in SYSTEMS if s in systems] + [s for s in systems if s not in SYSTEMS]
        rows = [[s, *(_cell(samples.merged("suite", case, s, n, "ns")) for n in threads)]
                for s in ordered]
        yield f"### {case}"
        yield table(["ns per operation", *(of_threads(n) for n in threads)], rows)


def _go(samples):
    keys = dict.fromkeys((key[1], key[3]) for key in samples.values
                         if key[0] == "go" and key[1] in GO_THROUGHPUT + GO_BUFFERS)
    rows = [[f"{case}, {of_threads(threads)}",
             *(_cell(samples.spread("go", case, s, threads, "ns_per_op")) for s in GO_SYSTEMS)]
            for case, threads in keys]
    return table(("ns/op", "ebb", "ebb portable", "Go"), rows)


def _metrics(samples, case, metrics, scale, title):
    rows = []
    for metric, words in metrics:
        spreads = [samples.spread("go", case, s, 2, metric) for s in GO_SYSTEMS]
        rows.append([words, *("" if s is None else f"{number(s.median / scale)} "
                              f"({number(s.p10 / scale)} - {number(s.p90 / scale)})" for s in spreads)])
    return table((title, "ebb", "ebb portable", "Go"), rows)


def _stw(samples):
    metrics = [(f"{name}_{part}_ns", f"{words}, {part}")
               for name, words in (("pause", "world stopped"), ("collect", "collect() or runtime.GC()"),
                                   ("gap_during", "user's longest gap during it"),
                                   ("gap_without", "the same in as long a time without"))
               for part in ("p50", "p95")]
    return _metrics(samples, "PoolSTW", metrics, 1000, "PoolSTW, 100,000 objects, us")


def _expensive_new(samples):
    metrics = (("made_per_op", "objects made per op"), ("cycles_per_op", "cycles per op"),
               ("ns_per_op", "ns per op"))
    return _metrics(samples, "PoolExpensiveNew", metrics, 1, "PoolExpensiveNew, 2 threads")


def _collect(samples):
    rows = []
    for system in ("rseq", "portable"):
        key = ("pauses", "pauses", system, 4)
        for name, words in (("collect", "collect()"), ("control", "as much CPU time without a pool")):
            for kind in ("wall", "without_wait"):
                values = [samples.get(*key, f"{name}_{kind}_p{percent}_ns") for percent in (50, 99, 100)]
                if values[0]:
                    rows.append([f"{words}, {kind.replace('_', ' ')}, {system}",
                                 *(number(max(v) / 1000) for v in values)])
    return table(("4 busy threads, us, the worst run", "median", "99th", "worst"), rows)


def _users(samples):
    names = ("50th", "99th", "99.99th", "99.999th")
    kinds = (("pool_with_cycles", "get+put, a cycle each millisecond"),
             ("pool_without", "get+put, no cycles"),
             ("control_with_cycles", "nothing, a cycle each millisecond"),
             ("control_without", "nothing, no cycles"))
    rows = [[f"{words}, {system}",
             *(_cell(samples_of_blocks(samples, f"{kind}_{name}", system)) for name in names)]
            for system in ("rseq", "portable") for kind, words in kinds]
    return table(("4 busy threads, ns, percentile of single operations", *names), rows)
