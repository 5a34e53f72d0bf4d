"""What was measured: lists of samples, their medians and spreads, and ratios of samples taken together."""

REFERENCES = {"ebb": "vs_ebb", "ebb_nothing_set": "vs_nothing_set", "ebb_resource_pool": "vs_resource_pool"}


def percentile(values, share):
    """The value that a share (0 .. 1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1) + 0.5)]


def number(value):
    """Three digits that matter, without exponents."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Spread:
    """A median with the 10th and the 90th percentile."""

    def __init__(self, values):
        self.median, self.p10, self.p90 = (percentile(values, share) for share in (0.5, 0.1, 0.9))
        self.runs = len(values)

    def text(self, unit="", scale=1):
        median, p10, p90 = (number(v / scale) for v in (self.median, self.p10, self.p90))
        return f"{median}{unit} ({p10} - {p90})"


class Measurements:
    """Samples by (case, system, threads, metric). The n-th samples of the systems of one case were taken in
    the same round, one after another."""

    def __init__(self):
        self.samples = {}
        self.units = {}
        self.versions = {}  # of systems

    def add(self, case, system, threads, metric, values, unit="ns"):
        self.samples.setdefault((case, system, threads, metric), []).extend(values)
        self.units[metric] = unit

    def get(self, case, system, threads, metric="ns"):
        """The spread, or None when it was not measured."""
        values = self.samples.get((case, system, threads, metric))
        return Spread(values) if values else None

    def ratio(self, case, above, below, threads, metric="ns"):
        """The spread of the ratios, round by round; None when one of the two was not measured."""
        pairs = zip(self.samples.get((case, above, threads, metric), ()),
                    self.samples.get((case, below, threads, metric), ()))
        ratios = [a / b for a, b in pairs if b]
        return Spread(ratios) if ratios else None

    def systems(self, case, threads, metric="ns"):
        """Those measured, the fastest first."""
        found = [key[1] for key in self.samples if (key[0], key[2], key[3]) == (case, threads, metric)]
        return sorted(found, key=lambda system: self.get(case, system, threads, metric).median)

    def threads(self, case, metric="ns"):
        return sorted({key[2] for key in self.samples if (key[0], key[3]) == (case, metric)})

    def as_json(self):
        """One object for each measurement, with ratios to ebbpool's own systems, round by round."""
        result = []
        for (case, system, threads, metric), values in self.samples.items():
            spread = Spread(values)
            entry = {"case": case, "system": system, "version": self.versions.get(system, ""),
                     "threads": threads, "metric": metric, "unit": self.units[metric],
                     "median": spread.median, "p10": spread.p10, "p90": spread.p90, "runs": spread.runs}
            for reference, key in REFERENCES.items():
                ratio = self.ratio(case, system, reference, threads, metric)
                if ratio and system != reference:
                    entry[key] = {"median": ratio.median, "p10": ratio.p10, "p90": ratio.p90}
            result.append(entry)
        return result
