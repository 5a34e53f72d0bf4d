"""The README's tables and ratios, from the report.json of one run: publish.py puts them between its marks."""

import json

from .measurements import number
from .text import table

SYSTEMS = {
    "ebb": "**ebbpool**", "ebb_portable": "**ebbpool**, portable path",
    "tls_raw": "bare thread-local array (leaks)", "tls_list": "thread-local list, 256 objects",
    "tls_overflow": "thread-local list with global overflow, as brpc", "per_cpu_trylock": "per-CPU try-lock",
    "mutex_vector": "mutex + vector", "new_delete": "`new`, `delete`: glibc", "tcmalloc": "tcmalloc (gperftools)",
    "jemalloc": "jemalloc", "mimalloc": "mimalloc", "tbb_allocator": "TBB scalable allocator",
    "go_sync_pool": "Go `sync.Pool`", "java_commons_pool2": "Java commons-pool2",
    "java_netty_recycler": "Netty `Recycler`", "moodycamel_queue": "moodycamel::ConcurrentQueue",
    "boost_lockfree_stack": "boost::lockfree::stack", "boost_lockfree_queue": "boost::lockfree::queue",
    "tbb_bounded_queue": "tbb::concurrent_bounded_queue", "cds_treiber_stack": "libcds TreiberStack",
    "poco_object_pool": "Poco::ObjectPool", "boost_object_pool": "boost::object_pool + mutex",
    "boost_fast_pool_allocator": "boost::fast_pool_allocator",
    "pmr_synchronized": "std::pmr::synchronized_pool_resource"}
COLUMNS = (("get+put, 1 thread", "pair", 1, "ns"), ("2 threads", "pair", 2, "ns"), ("16 threads", "pair", 16, "ns"),
           ("bursts of 100, 2 threads", "burst_100", 2, "ns"), ("hand-over, 2 threads", "handover", 2, "ns"),
           ("atomics per hit", "count_pair", 1, "atomics"), ("MiB left of 1 GiB", "give_back", 4, "at_the_end"))
AGAINST_GO = (("a pair with 1 thread", "pair", 1), ("with 2", "pair", 2), ("bursts of 10 with 2 threads", "burst_10", 2),
              ("of 100", "burst_100", 2), ("of 1000", "burst_1000", 2), ("starvation", "starvation", 2),
              ("hand-over", "handover", 2))
ALLOCATORS = ("tcmalloc", "mimalloc", "jemalloc", "glibc")


class Report:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            measurements = json.load(file)["measurements"]
        self._by_key = {(m["case"], m["system"], m["threads"], m["metric"]): m for m in measurements}

    def median(self, case, system, threads, metric="ns"):
        """None when it was not measured."""
        found = self._by_key.get((case, system, threads, metric))
        return found and found["median"]

    def of_ebb(self, case, system, threads):
        """How many times as long as ebbpool's, the median of the ratios of each round."""
        return number(self._by_key[case, system, threads, "ns"]["vs_ebb"]["median"])

    def ratio(self, case, above, below, threads, metric="ns"):
        """Of the medians; empty when one was not measured."""
        values = [self.median(case, system, threads, metric) for system in (above, below)]
        return number(values[0] / values[1]) if all(values) else ""


def parts(path):
    """What goes between the marks of each name."""
    report = Report(path)
    return {"systems": _systems(report), "lists": _lists(report), "buffers": _buffers(report)}


def _systems(report):
    rows = []
    for system, words in SYSTEMS.items():
        medians = (report.median(case, system, threads, metric) for _, case, threads, metric in COLUMNS)
        rows.append([words, *("" if median is None else number(median) for median in medians)])
    return table(("", *(column[0] for column in COLUMNS)), rows)


def _lists(report):
    alone, in_function = ({system: report.of_ebb(case, system, 1) for system in ("tls_list", "tls_overflow")}
                          for case in ("pair", "pair_in_call"))
    go = ", ".join(f"{words} {report.of_ebb(case, 'go_sync_pool', threads)}" for words, case, threads in AGAINST_GO)
    return (f"`tls_list` takes {alone['tls_list']} of ebbpool's time in a loop and {in_function['tls_list']} in a "
            f"function with one thread, the list with a\nglobal overflow {alone['tls_overflow']} and "
            f"{in_function['tls_overflow']}. Go's `sync.Pool` takes, as a multiple: {go}. "
            "(Medians of the ratios of each round,\nwhich are not the quotients of the medians above.)")


def _buffers(report):
    def malloc(threads):
        against = {name: report.ratio("buffers", f"malloc_free beside {name}", f"ebb_min_1024 beside {name}", threads)
                   for name in ALLOCATORS}
        return ", ".join(f"{name} {ratio}" for name, ratio in against.items() if ratio)

    rows = [["`buffer_pool`, sizes below 16 KiB, against `malloc` of", *map(malloc, (1, 2, 16))]]
    for words, case, above, below, threads in (
            ("`calibrated_buffer_pool`, 16 bytes, against Go's bytebufferpool", "ByteBuffer16", "go", "ebb", (1, 2)),
            ("the same with 1 KiB", "ByteBuffer1K", "go", "ebb", (1, 2)),
            ("`pool_resource`, 64 bytes, against `std::pmr::synchronized_pool_resource`", "blocks_64",
             "std_synchronized beside glibc", "ebb beside glibc", (1, 2, 4)),
            ("`pooled_ostream`, 1 KiB in 16 pieces, against `std::ostringstream`", "text", "std_ostringstream",
             "ebb_ostream", (1, 2)),
            ("a workload of `std::pmr` maps and vectors, against tcmalloc's `operator new`", "containers",
             "std beside tcmalloc", "ebb beside tcmalloc", (1, 2))):
        metric = "ns_per_op" if above == "go" else "ns"
        cells = [report.ratio(case, above, below, count, metric) for count in threads]
        rows.append([words, *cells, *[""] * (3 - len(cells))])
    return table(("", "1 thread", "2 threads", "16 threads (pmr: 4)"), rows)
