"""A load that moves from CPU to CPU."""

from .measurements import number
from .text import table

READING = """\
One thread gets, another puts; every 4096 objects they change roles, and each moves to another CPU. A pool
whose objects lie where the getter now is makes few anew; "made" is of 1000 gets. Plain allocators make all
of them and are here for the time."""


def measure(bench):
    bench.say("a load that moves from CPU to CPU")
    bench.lineup("shifting", (2,), bench.choose(10, 20), units={"made_per_1000": "objects"})


def markdown(results):
    rows = []
    for system in results.systems("shifting", 2):
        made = results.get("shifting", system, 2, "made_per_1000")
        rows.append([system, results.get("shifting", system, 2).text(), made.text() if made else ""])
    return ["## A load that moves", READING, table(("system", "ns per object", "made of 1000"), rows)]
