"""The tables of buffers, blocks and containers, beside one allocator after the other."""

from .samples import number
from .text import of_threads, table

READING = """\
Each cell is the time of one operation as each thread sees it, in nanoseconds, and what that is of the time
of whoever it took turns with: malloc() or operator new, as the allocator in the first column serves them.
ebbpool takes its own memory from the same allocator."""

# What each case is compared with.
PEERS = {
    "buffers": "malloc_free",
    "blocks_64": "operator_new",
    "blocks_mix": "operator_new",
    "blocks_live": "operator_new",
    "containers": "std",
    "handover": "operator_new",
}
# Have nothing to do with malloc() as long as they are warm.
OWN_MEMORY = ("std_synchronized", "std_unsynchronized", "no_allocation")


def memory_tables(samples):
    keys = [key for key in samples.values if key[0] == "memory" and key[4] == "ns"]
    for case, peer in PEERS.items():
        mine = [key for key in keys if key[1] == case]
        if not mine:
            continue
        threads = sorted({key[3] for key in mine})
        systems = [system.rsplit(" ", 1) for system in dict.fromkeys(key[2] for key in mine)]
        rows = [[allocator, system,
                 *(_cell(samples, case, f"{system} {allocator}", peer, n) for n in threads)]
                for system, allocator in systems if system not in OWN_MEMORY or allocator == "glibc"]
        yield f"### {case}"
        yield table(["beside", "ns per operation", *(of_threads(n) for n in threads)], rows)


def _cell(samples, case, system, peer, threads):
    time = samples.merged("memory", case, system, threads, "ns")
    if time is None:
        return ""
    ratio = samples.merged("memory", case, system, threads, f"vs_{peer}")
    return number(time.median) if ratio is None else f"{number(time.median)}, {ratio.text('x')}"
