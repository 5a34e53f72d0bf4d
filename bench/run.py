#!/usr/bin/env python3
"""Runs every benchmark, in turns, and writes report.json, report.md and pictures to BUILD_DIR/bench."""

import argparse
import json
import os

from report import (bounded, counts, cycles, give_back, go_cases, headline, latency, lifetime, machine, memory,
                    objects, options, plots, scaling, shifting, verdicts, whole_program, work)
from report.bench import Bench

# give_back also measures what is in counts, while it waits.
MEASURED = (objects, shifting, work, bounded, latency, give_back, lifetime, memory, options, go_cases, cycles,
            whole_program)
REPORTED = (objects, counts, shifting, work, bounded, latency, give_back, lifetime, memory, options, go_cases, cycles,
            whole_program)
READING = """\
Each number is a median; where there are brackets with two numbers, they are the 10th and the 90th
percentile. Ratios are of neighbours in time: of slices of milliseconds that took turns, round by round.
They can be trusted more than the times, which move with whatever else the machine does."""


def markdown(bench, facts, command):
    results = bench.results
    parts = ["# Benchmarks of ebbpool", *headline.markdown(results), "![](pairs.png)",
             "## What was to be shown", verdicts.markdown(results), *(["## What is missing here", *bench.notes]
                                                                   if bench.notes else []),
             "## Reading the numbers", READING]
    for section in REPORTED:
        parts += section.markdown(results)
    parts += ["## More CPUs", "What grows with the number of CPUs, by simulation, is in [scaling.md](scaling.md).",
              "## Where", machine.markdown(facts), f"Reproduce with `{command}`."]
    return "\n\n".join(part for part in parts if part) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", required=True, help="where CMake built the project")
    parser.add_argument("--quick", action="store_true", help="less than two minutes instead of ten")
    names = [section.__name__.split(".")[-1] for section in MEASURED]
    parser.add_argument("--only", action="append", choices=names, help="one section instead of all; repeatable")
    arguments = parser.parse_args()

    bench = Bench(arguments.build_dir, arguments.quick)
    facts = machine.describe(bench)
    for name, section in zip(names, MEASURED):
        if arguments.only is None or name in arguments.only:
            section.measure(bench)

    command = f"bench/run.py --build-dir {arguments.build_dir}" + (" --quick" if arguments.quick else "")
    command += "".join(f" --only {name}" for name in arguments.only or ())
    report = os.path.join(bench.folder, "report.json")
    with open(report, "w", encoding="utf-8") as file:
        json.dump({"machine": facts, "command": command, "missing": bench.notes,
                   "measurements": bench.results.as_json()}, file, indent=1)
    bench.say("pictures")
    plots.draw_all(bench)
    if arguments.only is None or "objects" in arguments.only:
        scaling.draw(bench, report)
    text = markdown(bench, facts, command)
    with open(os.path.join(bench.folder, "report.md"), "w", encoding="utf-8") as file:
        file.write(text)
    bench.say(f"wrote {bench.folder}/report.json, report.md and pictures")
    print(text.split("\n## Reading the numbers")[0])


if __name__ == "__main__":
    main()
