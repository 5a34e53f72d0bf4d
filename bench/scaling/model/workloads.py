"""The workloads: what the CPUs do, and which of them do it."""

import random

from . import simulate


def neighbours(cpus, rng):
    del rng
    return range(0, cpus, 2), range(1, cpus, 2)


def anywhere(cpus, rng):
    mixed = rng.sample(range(cpus), cpus)
    return mixed[::2], mixed[1::2]


def halves(cpus, rng):
    del rng
    return range(cpus // 2), range(cpus // 2, cpus)


# Idle objects per consumer: so many that neighbours never have to search, and else so few that those that
# lie where searches begin are soon used up, as they are in the long run.
PLENTY, FEW = 128, 24


class Workload:
    """`case` is the name in the measurements, where there are any."""

    def __init__(self, case, title, run, how, cpus_per_stream):
        self.case, self.title = case, title
        self.run, self.how, self.cpus_per_stream = run, how, cpus_per_stream

    def simulate(self, design_class, cpus, steps):
        rng = random.Random(f"{self.case} {design_class.__name__} {cpus}")
        return self.run(design_class, cpus, steps, rng, self.how)

    def streams(self, cpus):
        """Operations that are under way at once."""
        return cpus // self.cpus_per_stream


WORKLOADS = (
    Workload("pair", "each CPU: one get, one put", simulate.in_turns, 1, 1),
    Workload("burst_100", "each CPU: 100 gets, then 100 puts", simulate.in_turns, 100, 1),
    Workload("handover", "every other CPU gets, its neighbour puts", simulate.hand_over,
             (neighbours, PLENTY), 2),
    Workload("handover_random", "half of the CPUs get, the others put, mixed at random",
             simulate.hand_over, (anywhere, FEW), 2),
    Workload("handover_halves", "the lower half of the CPUs gets, the upper half puts",
             simulate.hand_over, (halves, FEW), 2),
)
