"""The same for buffers, memory resources and text."""

from .programs import ALLOCATORS
from .rows import Row, at_least, at_most
from .samples import number
from .text import of_threads


def all_rows(samples):
    return [*_buffers(samples), *_memory(samples), *_text(samples)]


def _buffers(samples):
    for case, shape in (("pair", "inlined"), ("pair_in_call", "in a function")):
        for threads in (1, 16):
            what = f"buffer_pool: get+put {shape}, {of_threads(threads)}, against object_pool"
            yield at_most(what, 1.5, samples.merged("suite", case, "ebb_tiers", threads, "vs_ebb"))
    for system, least in (("ebb_min_2", 2), ("ebb_min_1024", 1024)):
        for threads in (1, 2, 16):
            yield _ahead_of_malloc(samples, system, threads, f"buffer_pool, smallest tier {least}: vitess' "
                                   f"benchmark, {of_threads(threads)}, against malloc+free")
    for case, size, limits in (("ByteBuffer16", "16 bytes", (3, 8)), ("ByteBuffer1K", "1 KiB", (1.4, 4))):
        for threads, limit in zip((1, 2), limits):
            spread = samples.ratio(("go", case, "go", threads), ("go", case, "rseq", threads))
            yield at_least(f"calibrated_buffer_pool: get, append {size}, put, {of_threads(threads)}, "
                           "against Go's bytebufferpool", limit, spread)


def _ahead_of_malloc(samples, system, threads, what):
    """One row for all allocators: reached when it is ahead of each."""
    ratios = {name: samples.merged("memory", "buffers", f"{system} {name}", threads, "vs_malloc_free")
              for name in ALLOCATORS}
    measured = {name: spread.median for name, spread in ratios.items() if spread is not None}
    return Row(what, "< 1x", ", ".join(f"{name} {number(ratio)}x" for name, ratio in measured.items()),
               max(measured.values()) < 1 if measured else None)


def _memory(samples):
    for case, size in (("blocks_64", "64 bytes"), ("blocks_mix", "8 to 2048 bytes")):
        for threads, limit in ((1, 8), (4, 20)):
            spread = samples.merged("memory", case, "ebb glibc", threads, "vs_std_synchronized")
            yield at_least(f"pool_resource: allocate+deallocate {size}, {of_threads(threads)}, against "
                           "std::pmr::synchronized_pool_resource", limit, spread and spread.inverse())
    for system, words in (("ebb", "pmr containers on pool_resource"),
                          ("ebb_allocator", "containers with pool_allocator")):
        for threads in (1, 2):
            yield at_most(f"{words}, {of_threads(threads)}, against tcmalloc's operator new", 1,
                          samples.merged("memory", "containers", f"{system} tcmalloc", threads, "vs_std"))


def _text(samples):
    for threads in (1, 2):
        spread = samples.merged("suite", "text", "ebb_ostream", threads, "vs_std_ostringstream")
        yield at_least(f"pooled_ostream: a text of 1 KiB in 16 pieces, {of_threads(threads)}, against "
                       "std::ostringstream", 2, spread and spread.inverse())
    mine, theirs = (samples.spread("allocations", "text", "all", 1, f"{system}_allocations")
                    for system in ("ebb_ostream", "std_ostringstream"))
    what = "pooled_ostream: allocations for this text, against std::ostringstream"
    if mine is None:
        yield Row(what, "0", "", None)
    else:
        yield Row(what, "0", f"{number(mine.median)} against {number(theirs.median)}", mine.median == 0)
