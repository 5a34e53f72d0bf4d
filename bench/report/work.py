"""Objects that are dear to make, doing what they are for."""

from .measurements import number
from .text import of_threads, table

CASES = {
    "work_deflate": "zlib: deflate 1 KiB",
    "work_zstd": "zstd: compress 1 KiB",
    "work_pcre2": "PCRE2: match a line",
    "work_tree": "message tree of 200 nodes",
    "work_json": "RapidJSON: parse 1 KiB",
    "work_buffer_64k": "64 KiB buffer, 4 KiB written",
    "work_buffer_1m": "1 MiB buffer, 256 KiB written",
    "work_deflate_fixed_malloc": "zlib, malloc as new",
    "work_buffer_1m_fixed_malloc": "1 MiB buffer, malloc as new",
}
SYSTEMS = ("none", "ebb", "ebb_buffer_pool", "mutex_vector", "tls_list")
READING = """\
Thousands of units of work per second, all threads together; in brackets how many times as many as without a
pool. glibc's malloc maps and unmaps large blocks until the first of them is freed, and keeps them in its
heap from then on, which is a pool of its own; "malloc as new" is with the thresholds that it begins with,
the other rows are after it has adapted. PCRE2's gain is its JIT stack, which is a mapping of its own for
each match."""


def measure(bench):
    bench.say("expensive objects at work")
    for line in bench.lines("ebb_expensive", "--list"):
        if line["missing"]:
            bench.notes.append(f"{line['case']} is missing: {line['missing']}.")
    arguments = ["--rounds", bench.choose(10, 30), "--threads", "1,2"]
    bench.add_lines(bench.lines("ebb_expensive", *arguments))
    arguments += ["--malloc", "fixed", "--cases", "work_(deflate|buffer_1m)"]
    bench.add_lines(bench.lines("ebb_expensive", *arguments))


def markdown(results):
    parts = ["## Expensive objects at work", READING, "![](work.png)"]
    for threads in (1, 2):
        rows = [[words, *(_cell(results, case, system, threads) for system in SYSTEMS)]
                for case, words in CASES.items() if results.systems(case, threads)]
        parts += [f"### {of_threads(threads)}", table(("unit of work", *SYSTEMS), rows)]
    return parts


def _cell(results, case, system, threads):
    spread = results.get(case, system, threads)
    if spread is None:
        return ""
    gain = results.ratio(case, "none", system, threads)
    factor = f" ({number(gain.median)}x)" if gain and system != "none" else ""
    return number(threads * 1e6 / spread.median) + factor
