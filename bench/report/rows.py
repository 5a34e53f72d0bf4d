"""The lines of the table of what was asked and what was measured."""


class Row:
    """One line of the table. `reached` is None when the numbers are missing."""

    def __init__(self, what, asked, measured, reached, note=""):
        self.what, self.asked, self.measured, self.reached, self.note = (
            what, asked, measured, reached, note)

    def verdict(self):
        if self.reached is None:
            return "not measured"
        return ("yes" if self.reached else "**no**") + self.note


def at_most(what, limit, spread):
    if spread is None:
        return Row(what, f"<= {limit}x", "", None)
    note = ", within the spread" if spread.p10 <= limit <= spread.p90 else ""
    return Row(what, f"<= {limit}x", spread.text("x"), spread.median <= limit, note)


def at_least(what, limit, spread):
    if spread is None:
        return Row(what, f">= {limit}x faster", "", None)
    note = ", within the spread" if spread.p10 <= limit <= spread.p90 else ""
    return Row(what, f">= {limit}x faster", spread.text("x"), spread.median >= limit, note)


def no_more(what, asked, with_it, without, unit):
    """Reached when the median with it is not above the spread without."""
    if with_it is None or without is None:
        return Row(what, asked, "", None)
    measured = f"{with_it.text(unit)} against {without.text(unit)}"
    return Row(what, asked, measured, with_it.median <= without.p90)
