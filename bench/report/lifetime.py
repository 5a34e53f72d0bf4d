"""Threads that come and go, and pools by the thousand."""

import json
import subprocess

from .give_back import NO_PART
from .measurements import number
from .text import table

# A thread takes up to 0.1 ms to come and go: with 100,000 of them, those whose answers differ most.
IN_FULL_CHURN = ("ebb", "ebb_portable", "tls_list", "tls_raw", "tls_overflow", "mutex_vector", "new_delete",
                 "moodycamel_queue", "go_sync_pool")
CHURN_READING = """\
Threads one after another, each of which takes ten objects and gives them back. Microseconds per thread, its
creation included, and by how much the resident memory grew from the 100th thread to the last."""
POOLS_READING = """\
That many pools side by side, each used, then all passed over ten times with a get and a put each. Systems
whose state is one per process take no part. Memory includes the one object of 1 KiB that each pool holds."""


def measure(bench):
    threads = bench.choose(2_000, 100_000)
    pools = bench.choose(2_000, 10_000)
    bench.say(f"{threads:,} short threads on each system")
    for name in bench.choose(_systems(bench), [name for name in _systems(bench) if name in IN_FULL_CHURN]):
        answer = _alone(bench, name, "churn", threads)
        if answer:
            bench.results.add("churn", name, threads, "us_per_thread", [answer["seconds"] * 1e6 / threads], "us")
            grown = answer["rss_after_kib"] - answer["rss_before_kib"]
            bench.results.add("churn", name, threads, "grown", [grown / 1024], "MiB")
    bench.say(f"{pools:,} pools of each system")
    for name in _systems(bench):
        answer = _alone(bench, name, "pools", pools)
        if answer:
            for metric in ("make_ns", "pair_ns", "drop_ns"):
                bench.results.add("pools", name, pools, metric, [answer[metric]])
            bench.results.add("pools", name, pools, "rss_per_pool", [answer["rss_per_pool_bytes"] / 1024], "KiB")


def _systems(bench):
    return [*bench.peers, *bench.foreign.commands()]


def _alone(bench, name, task, count):
    """What one task says, or None when the system takes no part."""
    command = (bench.foreign.alone(name, task, count) if name in bench.foreign.commands()
               else [bench.path("ebb_bench"), task, name, str(count)])
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          env=bench.environment())
    if done.returncode == NO_PART:
        return None
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def markdown(results):
    return ["## Threads that come and go", CHURN_READING,
            _table(results, "churn", ("us_per_thread", "grown"), ("us per thread", "grown by MiB")),
            "## Many pools", POOLS_READING,
            _table(results, "pools", ("make_ns", "pair_ns", "drop_ns", "rss_per_pool"),
                   ("make, ns", "get+put, ns", "destroy, ns", "KiB each"))]


def _table(results, case, metrics, words):
    counts = results.threads(case, metrics[0])
    if not counts:
        return "Not measured."
    count = counts[0]
    rows = [[system, *(number(results.get(case, system, count, metric).median) for metric in metrics)]
            for system in results.systems(case, count, metrics[0])]
    return table((f"{count:,} {'threads' if case == 'churn' else 'pools'}", *words), rows)
