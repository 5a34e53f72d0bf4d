"""What was measured: lists of numbers, and their medians and spreads."""

from collections import defaultdict


def percentile(values, share):
    """The value that a share (0 .. 1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1) + 0.5)]


class Spread:
    """A median with the 10th and the 90th percentile."""

    def __init__(self, median, p10, p90):
        self.median, self.p10, self.p90 = median, p10, p90

    @staticmethod
    def of(values):
        return Spread(*(percentile(values, share) for share in (0.5, 0.1, 0.9)))

    def inverse(self):
        """Of ratios: how much faster instead of how much slower."""
        return Spread(1 / self.median, 1 / self.p90, 1 / self.p10)

    def text(self, unit=""):
        return f"{number(self.median)}{unit} ({number(self.p10)} - {number(self.p90)})"


def number(value):
    """Three digits that matter, without exponents."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Samples:
    """Numbers by (program, case, system, threads) and metric, in the order they were measured."""

    def __init__(self):
        self.values = defaultdict(list)

    def add(self, key, metrics):
        for metric, value in metrics.items():
            self.values[key + (metric,)].append(value)

    def get(self, *key):
        return self.values.get(key, [])

    def spread(self, *key):
        """Of a metric that has one value per run; None when it was not measured."""
        values = self.get(*key)
        return Spread.of(values) if values else None

    def merged(self, *key):
        """Of a metric whose runs each give a median, a p10 and a p90: the median of each."""
        if not self.get(*key):
            return None
        *rest, metric = key
        names = (metric, metric + "_p10", metric + "_p90")
        return Spread(*(percentile(self.get(*rest, name), 0.5) for name in names))

    def ratio(self, above, below, metric="ns_per_op"):
        """Of two systems that took turns: run by run, then the spread of that."""
        pairs = zip(self.get(*above, metric), self.get(*below, metric))
        ratios = [a / b for a, b in pairs]
        return Spread.of(ratios) if ratios else None

    def as_json(self):
        return [
            {"program": program, "case": case, "system": system, "threads": threads,
             "metric": metric, "values": values}
            for (program, case, system, threads, metric), values in self.values.items()
        ]
