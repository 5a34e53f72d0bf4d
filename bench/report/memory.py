"""Buffers, blocks and containers, beside one allocator after the other; and text."""

from .measurements import number
from .text import of_threads, table

# Who serves malloc() and operator new, by LD_PRELOAD, while these cases run.
ALLOCATORS = {
    "glibc": None,
    "tcmalloc": "libtcmalloc_minimal.so.4",
    "jemalloc": "libjemalloc.so.2",
    "mimalloc": "libmimalloc.so.2",
}
# What each case is compared with.
PEERS = {
    "buffers": "malloc_free",
    "blocks_64": "operator_new",
    "blocks_mix": "operator_new",
    "blocks_live": "operator_new",
    "blocks_handover": "operator_new",
    "containers": "std",
}
# Have nothing to do with malloc() as long as they are warm.
OWN_MEMORY = ("std_synchronized", "std_unsynchronized", "no_allocation")
READING = """\
Each cell is the time of one operation as each thread sees it, in nanoseconds, and what that is of the time
of whoever it took turns with: malloc() or operator new, as the allocator in the first column serves them.
ebbpool takes its own memory from the same allocator."""


def measure(bench):
    for allocator, library in ALLOCATORS.items():
        environment = {"LD_PRELOAD": library} if library else {}
        if not _serves(bench, library, environment):
            bench.notes.append(f"{allocator} is not installed ({library}), so nothing is compared with it.")
            continue
        bench.say(f"memory beside {allocator}")
        systems = ".*" if library is None else "(ebb|pmr|std$|operator|malloc).*"
        for _ in range(bench.choose(1, 3)):  # where blocks come to lie differs from process to process
            lines = bench.lines("ebb_bench", "run", "--cases", "|".join(PEERS), "--systems", systems,
                                "--threads", bench.choose("1,2", "1,2,4,16"), "--rounds", 10,
                                environment=environment)
            bench.add_lines(lines, f" beside {allocator}")
    bench.say("memory on the portable path, text")
    lines = bench.lines("ebb_bench", "run", "--cases", "|".join(PEERS), "--systems", "(ebb|operator|malloc|std$).*",
                        "--threads", "1,2", "--rounds", 10, environment={"EBB_RSEQ": "off"})
    bench.add_lines(lines, " beside glibc, portable")
    bench.add_lines(bench.lines("ebb_bench", "run", "--cases", "text", "--threads", "1,2", "--rounds",
                                bench.choose(10, 30)))
    allocations = bench.lines("ebb_allocations")[0]
    for metric, value in allocations.items():
        system = metric.removesuffix("_allocations")
        bench.results.add("text", system, 1, "allocations", [value], "blocks")


def _serves(bench, library, environment):
    """Whether the library is there and takes the place of malloc()."""
    return bench.lines("ebb_bench", "malloc", environment=environment)[0]["malloc"].startswith(
        library.split(".so")[0] if library else "")


def markdown(results):
    parts = ["## Memory: beside one allocator after the other", READING]
    for case, peer in PEERS.items():
        threads = results.threads(case)
        if not threads:
            continue
        rows = []
        for label in dict.fromkeys(key[1] for key in results.samples if key[0] == case):
            system, allocator = label.split(" beside ")
            if system in OWN_MEMORY and allocator != "glibc":
                continue
            rows.append([f"{system}, {allocator}", *(_cell(results, case, label, f"{peer} beside {allocator}", n)
                                                      for n in threads)])
        parts += [f"### {case}", table(("system, beside", *map(of_threads, threads)), rows)]
    return parts + ["### text", _text(results)]


def _cell(results, case, system, peer, threads):
    spread = results.get(case, system, threads)
    if spread is None:
        return ""
    ratio = results.ratio(case, system, peer, threads)
    return number(spread.median) + (f", {ratio.text('x')}" if ratio and system != peer else "")


def _text(results):
    rows = []
    for system in ("ebb_ostream", "ebb_as_ostream", "std_ostringstream"):
        allocations = results.get("text", system, 1, "allocations")
        rows.append([system, *(_cell(results, "text", system, "std_ostringstream", n) for n in (1, 2)),
                     number(allocations.median) if allocations else ""])
    return table(("ns for a text of 1 KiB in 16 pieces", "1 thread", "2 threads", "allocations"), rows)
