"""What options of ebbpool cost that nobody runs into: bounds, callbacks, and being read."""

from .measurements import number
from .text import of_threads, table

CASES = {
    "options_pair": "get+put in a function",
    "options_burst_100": "100 gets, 100 puts",
    "options_burst_1000": "1000 gets, 1000 puts",
    "options_starvation": "67 puts, 100 gets",
}
SYSTEMS = {
    "ebb_nothing_set": "nothing set",
    "ebb_max_idle": "`max_idle`",
    "ebb_max_idle_bytes": "`max_idle_bytes` and `bytes`",
    "ebb_budgeted": "a budget for the process",
    "ebb_on_evict": "`on_evict`",
    "ebb_recycle": "`recycle`",
    "ebb_stats_read": "`all_pools()` and `stats()` each ms",
}
READING = """\
A pool with one option each, in turns. No bound is ever reached and nothing is dropped. Nanoseconds for one get with its
put (starvation: for all 167); then how many times as long as with nothing set, the median of the ratios of each
round with their 10th and 90th percentile. The snapshots are taken by another thread. Instructions are in the
table of counts."""


def measure(bench):
    bench.say("what options cost")
    bench.lineup("options_.*", (1, 2), bench.choose(10, 100), "ebb.*")


def markdown(results):
    parts = ["## What options cost", READING]
    for threads in results.threads("options_pair"):
        rows = [[words, *(_cell(results, case, system, threads) for case in CASES)]
                for system, words in SYSTEMS.items() if results.get("options_pair", system, threads)]
        parts += [f"### {of_threads(threads)}, options", table(("option", *CASES.values()), rows)]
    return parts


def _cell(results, case, system, threads):
    spread = results.get(case, system, threads)
    if spread is None:
        return ""
    ratio = results.ratio(case, system, "ebb_nothing_set", threads)
    return number(spread.median) + (f" ({ratio.text('x')})" if system != "ebb_nothing_set" else "")
