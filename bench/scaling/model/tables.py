"""scaling.md and scaling.json."""

from .designs import DESIGNS
from .formulas import FORMULAS
from .predict import FITTED_CASE, FITTED_SYSTEM
from .workloads import WORKLOADS

READING = """\
Transfers of cache lines per operation, an operation being a get with its put. Of the *pool* are those that
the design causes; *object* is the first line of the object, which its users write. *Serialised* are those on
the busiest line, or on what the busiest lock protects: everybody waits for these in turn, however
many CPUs there are. What the numbers mean and leave out is in bench/scaling/README.md."""


def as_json(results, model):
    return [{"case": workload.case, "system": system, "cpus": cpus, "pool_transfers": counts.pool,
             "object_transfers": counts.objects, "serialised": counts.serialised,
             "made": counts.made, "predicted_ns": model.predicted(workload, system, cpus)}
            for (workload, system, cpus), counts in results.items()]


def markdown(results, model, cpu_counts):
    largest = cpu_counts[-1]
    parts = [f"# Cache-line transfers from 2 to {largest} CPUs", READING, *_conclusions(results, largest)]
    for workload in WORKLOADS:
        parts += [f"## {workload.case}: {workload.title}", _transfers(results, workload, cpu_counts)]
    parts += ["## On paper and simulated", "p = (N - 1) / N; how the formulas come about is in "
              "bench/scaling/model/formulas.py.", _paper(results, cpu_counts)]
    if model.transfer is not None:
        parts += ["## Predicted and measured on two cores", _fitted(model), _check(results, model),
                  "## Predicted nanoseconds per operation, as each CPU sees it",
                  "An extrapolation far beyond what was measured: read it for its shape.",
                  *_predictions(results, model, cpu_counts)]
    else:
        parts.append("No measurements of one and two cores were given, so nothing is predicted in time.")
    return "\n\n".join(parts) + "\n"


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _number(value):
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return "0" if value < 0.0005 else f"{value:.3g}"


def _transfers(results, workload, cpu_counts):
    rows = []
    for design in DESIGNS:
        counts = [results[workload, design.system, cpus] for cpus in cpu_counts]
        rows.append([design.title, *(_number(c.pool) for c in counts), _number(counts[-1].objects),
                     _number(counts[-1].serialised), _number(counts[-1].made)])
    last = f"at {cpu_counts[-1]} CPUs"
    head = [f"{n} CPUs" for n in cpu_counts]
    return _table(["pool", *head, f"object, {last}", f"serialised, {last}", "objects made"], rows)


def _paper(results, cpu_counts):
    rows = []
    for workload in WORKLOADS:
        for design in DESIGNS:
            if design.system not in FORMULAS[workload.case]:
                continue
            text, formula = FORMULAS[workload.case][design.system]
            if text != "0":
                rows.append([f"{workload.case}, {design.title}", text,
                             *(f"{_number(formula(n))} / "
                               f"{_number(results[workload, design.system, n].pool)}" for n in cpu_counts)])
    return _table(["paper / simulated", "formula", *(f"{n} CPUs" for n in cpu_counts)], rows)


def _fitted(model):
    return (f"A transfer costs {_number(model.transfer)} ns: that makes {FITTED_SYSTEM} on two cores, "
            f"case {FITTED_CASE}, what was measured. All other lines are predictions. One number for all: it "
            "contains the sleep of threads that wait for a mutex, and is too much where transfers overlap, as "
            "in a hand-over.")


def _check(results, model):
    rows = []
    for workload in WORKLOADS:
        for design in DESIGNS:
            measured = model.measured(workload, design.system, 2)
            predicted = model.predicted(workload, design.system, 2)
            if measured is not None and predicted is not None:
                rows.append([f"{workload.case}, {design.title}", _number(predicted), _number(measured),
                             f"{predicted / measured:.2f}"])
    return _table(["ns per operation, 2 CPUs", "predicted", "measured", "predicted / measured"], rows)


def _predictions(results, model, cpu_counts):
    for workload in WORKLOADS:
        rows = []
        for design in DESIGNS:
            times = [model.predicted(workload, design.system, n) for n in cpu_counts]
            if times[-1] is not None:
                rows.append([design.title, *(_number(t) for t in times)])
        if rows:
            yield _table([workload.case, *(f"{n} CPUs" for n in cpu_counts)], rows)


def _conclusions(results, largest):
    by_case = {w.case: w for w in WORKLOADS}

    def at(case, system, cpus=largest):
        return results[by_case[case], system, cpus].pool

    silent = [d.title for d in DESIGNS if all(at(case, d.system) == 0 for case in ("pair", "burst_100"))]
    yield (f"**What does not grow.** Who gets and puts on the same CPU causes no transfer at any number of "
           f"CPUs with {', '.join(silent)}. In a hand-over between neighbours ebbpool needs "
           f"{_number(at('handover', 'ebb'))} transfers per object at {largest} CPUs and "
           f"{_number(at('handover', 'ebb', 2))} at two, because 62 objects share the price of a magazine; "
           f"Go, object by object, {_number(at('handover', 'go_sync_pool'))}.")
    yield (f"**What grows a little, and still stops everything.** Designs with one place for all reach "
           f"{_number(at('pair', 'mutex_vector'))} (mutex + vector) to "
           f"{_number(at('pair', 'boost_lockfree_stack'))} (lock-free stack). That is hardly more than with "
           f"8 CPUs, but most of it happens one after the other, so more CPUs do no more operations.")
    yield (f"**What grows with the number of CPUs.** Searches. If the lower half of the CPUs gets and the "
           f"upper half puts, {largest} CPUs cost ebbpool {_number(at('handover_halves', 'ebb'))} per "
           f"object, Go {_number(at('handover_halves', 'go_sync_pool'))}, try-locks "
           f"{_number(at('handover_halves', 'per_cpu_trylock'))}; batches stay at "
           f"{_number(at('handover_halves', 'tcmalloc'))}, but all at one lock. "
           f"A queue per producer searches in every get.")
