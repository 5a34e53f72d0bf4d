"""Nanoseconds from transfers: what one core measured, and the price of a transfer from one design on two."""

import json
import statistics
from collections import defaultdict

FITTED_CASE, FITTED_SYSTEM = "pair", "mutex_vector"
MADE_TOO_OFTEN = 0.25  # objects per operation: then the allocator decides, which is not in the model


class Measurements:
    """Medians in ns by case, system and threads."""

    def __init__(self, path):
        self._medians = defaultdict(list)
        if path is None:
            return
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        for one in found["measurements"] if isinstance(found, dict) else found:
            if one.get("unit", "ns") == "ns" and one.get("metric", "ns") == "ns":
                self.add(one["case"], one["system"], one["threads"], one["median"])

    def add(self, case, system, threads, median):
        self._medians[case, system, threads].append(median)

    def ns(self, case, system, threads):
        """What several runs measured counts as the median of them."""
        medians = self._medians.get((case, system, threads))
        return statistics.median(medians) if medians else None

    def alone(self, workload, system):
        """What the operation costs a CPU that nobody disturbs."""
        if workload.cpus_per_stream == 1:
            return self.ns(workload.case, system, 1)
        pair = self.ns("pair", system, 1)
        return None if pair is None else pair / 2  # either side does half of it


def nanoseconds(alone, counts, streams, transfer):
    """The CPU's own work and waiting; or, if that takes longer, its turn at the busiest line."""
    return max(alone + counts.slower_side * transfer, streams * counts.serialised * transfer)


class Model:
    """Predictions; `transfer` is None where there is no measurement to take it from."""

    def __init__(self, results, measurements):
        self._results, self._measurements = results, measurements
        self.transfer = None
        one, two = (measurements.ns(FITTED_CASE, FITTED_SYSTEM, threads) for threads in (1, 2))
        if one is not None and two is not None:
            workload, counts = next((w, counts) for (w, system, cpus), counts in results.items()
                                    if (w.case, system, cpus) == (FITTED_CASE, FITTED_SYSTEM, 2))
            # The larger of two terms is to be `two`, and both grow with the price.
            self.transfer = min((two - one) / counts.slower_side,
                                two / (workload.streams(2) * counts.serialised))

    def predicted(self, workload, system, cpus):
        counts = self._results[workload, system, cpus]
        alone = self._measurements.alone(workload, system)
        if self.transfer is None or alone is None or counts.made > MADE_TOO_OFTEN:
            return None
        return nanoseconds(alone, counts, workload.streams(cpus), self.transfer)

    def measured(self, workload, system, threads):
        return self._measurements.ns(workload.case, system, threads)
