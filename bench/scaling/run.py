#!/usr/bin/env python3
"""Models cache-line transfers per operation from 2 to 512 CPUs; writes scaling.md, .json, .png and .svg."""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile

from model import tables
from model.designs import DESIGNS
from model.predict import Measurements, Model
from model.workloads import WORKLOADS

CPU_COUNTS = (2, 8, 32, 128, 512)
STEPS, QUICK_STEPS = 6000, 3000
QUICK_CPU_COUNTS = (2, 8, 32)


def simulate_all(cpu_counts, steps):
    results = {}
    for workload in WORKLOADS:
        for design in DESIGNS:
            for cpus in cpu_counts:
                if design.same_lines_as is None:
                    counts = workload.simulate(design, cpus, steps)
                else:
                    counts = results[workload, design.same_lines_as.system, cpus]
                results[workload, design.system, cpus] = counts
    return results


def draw(results, cpu_counts, folder):
    """One file of numbers per workload: CPUs, then a column for each design."""
    with tempfile.TemporaryDirectory() as numbers:
        for workload in WORKLOADS:
            with open(os.path.join(numbers, workload.case + ".dat"), "w", encoding="utf-8") as file:
                for cpus in cpu_counts:
                    row = [results[workload, design.system, cpus].pool for design in DESIGNS]
                    print(cpus, *row, file=file)
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "picture.gp")
        variables = f"data = '{numbers}'; dir = '{folder}'; last = {cpu_counts[-1]}"
        try:
            subprocess.run(["gnuplot", "-e", variables, script], check=True)
        except FileNotFoundError:
            print("gnuplot is not installed: no picture", file=sys.stderr)


def measurements_of(path):
    try:
        return Measurements(path)
    except (OSError, ValueError, KeyError) as error:
        raise argparse.ArgumentTypeError(
            f"'{path}' is no file of measurements ({error}); valid is a JSON list of "
            "{case, system, threads, median}, alone or as \"measurements\"") from error


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", metavar="REPORT_JSON", type=measurements_of,
                        default=Measurements(None), help="measured times of 1 and 2 threads")
    parser.add_argument("--output", metavar="DIR", required=True, help="for the results; made if missing")
    parser.add_argument("--quick", action="store_true", help="up to 32 CPUs, with fewer operations")
    arguments = parser.parse_args()

    gc.disable()  # nothing here is cyclic, and looking for cycles doubles the time
    cpu_counts = QUICK_CPU_COUNTS if arguments.quick else CPU_COUNTS
    results = simulate_all(cpu_counts, QUICK_STEPS if arguments.quick else STEPS)
    model = Model(results, arguments.measurements)
    os.makedirs(arguments.output, exist_ok=True)
    with open(os.path.join(arguments.output, "scaling.json"), "w", encoding="utf-8") as file:
        json.dump(tables.as_json(results, model), file, indent=1)
    with open(os.path.join(arguments.output, "scaling.md"), "w", encoding="utf-8") as file:
        file.write(tables.markdown(results, model, cpu_counts))
    draw(results, cpu_counts, arguments.output)


if __name__ == "__main__":
    main()
