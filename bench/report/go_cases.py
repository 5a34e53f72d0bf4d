"""Cases that Go has and this suite runs as Go does: collections, objects dear to make, byte buffers."""

from .measurements import number
from .text import of_threads, table

BUFFERS = {"ByteBuffer16": "16 bytes", "ByteBuffer1K": "1 KiB"}
PATHS = {"ebb": {}, "ebb_portable": {"EBB_RSEQ": "off"}}
SYSTEMS = (*PATHS, "go")
READING = """\
Nanoseconds of wall time, divided by the operations of all threads together, as Go's ns/op: two threads that
work side by side halve it. Go's half is its own, with Go's own loops; the processes take turns."""


def measure(bench):
    bench.say("cases of Go: collections, expensive objects, byte buffers")
    for _ in range(10):
        for case in BUFFERS:
            for threads in (1, 2):
                _turn(bench, case, threads, bench.choose("0.02s", "0.1s"), bench.foreign.has_bytebufferpool)
        _turn(bench, "PoolSTW", 2, bench.choose("1x", "6x"))
        _turn(bench, "PoolExpensiveNew", 2, bench.choose("50x", "300x"))


def _turn(bench, case, threads, amount, has_go=True):
    arguments = (case, str(threads), amount)
    for system, environment in PATHS.items():
        _add(bench, system, threads, bench.lines("ebb_go_cases", *arguments, environment=environment)[0])
    if has_go and bench.foreign.go:
        _add(bench, "go", threads, bench.lines(bench.foreign.go, *arguments)[0])


def _add(bench, system, threads, line):
    for metric, value in line.items():
        if isinstance(value, (int, float)) and metric != "threads":
            bench.results.add(line["case"], system, threads, metric, [value], _unit(metric))


def _unit(metric):
    return "ns" if metric.endswith("_ns") or metric == "ns_per_op" else "per op"


def markdown(results):
    return ["## Cases of Go", READING, _buffers(results),
            _metrics(results, "PoolSTW", [(f"{name}_{part}_ns", f"{words}, {part}")
                                          for name, words in (("pause", "world stopped"),
                                                              ("collect", "collect() or runtime.GC()"),
                                                              ("gap_during", "a user's longest gap during it"),
                                                              ("gap_without", "the same in as long a time without"))
                                          for part in ("p50", "p95")], 1000, "PoolSTW, 100,000 objects, us"),
            _metrics(results, "PoolExpensiveNew", (("made_per_op", "objects made per op"),
                                                   ("cycles_per_op", "cycles per op"), ("ns_per_op", "ns per op")), 1,
                     "PoolExpensiveNew, 2 threads")]


def _buffers(results):
    rows = []
    for case, size in BUFFERS.items():
        for threads in (1, 2):
            cells = []
            for system in SYSTEMS:
                spread = results.get(case, system, threads, "ns_per_op")
                ratio = results.ratio(case, system, "ebb", threads, "ns_per_op")
                cells.append("" if spread is None else
                             number(spread.median) + (f" ({number(ratio.median)}x)" if system != "ebb" else ""))
            rows.append([f"get, append {size}, put, {of_threads(threads)}", *cells])
    return table(("calibrated_buffer_pool against bytebufferpool, ns/op", "ebb", "ebb portable", "Go"), rows)


def _metrics(results, case, metrics, scale, title):
    rows = [[words, *(spread.text(scale=scale) if (spread := results.get(case, system, 2, metric)) else ""
                      for system in SYSTEMS)] for metric, words in metrics]
    return table((title, "ebb", "ebb portable", "Go"), rows)
