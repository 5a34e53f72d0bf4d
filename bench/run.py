#!/usr/bin/env python3
"""Runs every benchmark, in turns, and writes report.json and report.md to BUILD_DIR/bench."""

import argparse
import json
import os
import sys
import time

from report import machine, tables, targets
from report.programs import GO_BUFFERS, GO_THROUGHPUT, PATHS, Programs
from report.samples import Samples


class Effort:
    """How much to measure. A round runs everything once, and the next one runs it all again."""

    def __init__(self, quick):
        self.rounds = 1 if quick else 3
        self.suite_rounds = 12 if quick else 30
        self.memory_rounds = 8 if quick else 12
        self.turns = 3 if quick else 5  # of ebbpool and Go, within a round
        self.throughput_time = "0.1s"
        self.stw_operations = "8x"
        self.expensive_operations = "300x"
        self.collect_calls = 500 if quick else 700
        self.latency_blocks = 8 if quick else 12


def measure(programs, effort, say):
    for number in range(1, effort.rounds + 1):
        for path in PATHS:
            say(f"round {number}/{effort.rounds}: all systems, {path} path")
            programs.suite(effort.suite_rounds, path)
        say(f"round {number}/{effort.rounds}: memory, {', '.join(programs.allocators)}")
        programs.memory(effort.memory_rounds)
        programs.allocations()
        say(f"round {number}/{effort.rounds}: ebbpool and Go")
        for _ in range(effort.turns):
            for case in GO_THROUGHPUT + GO_BUFFERS:
                for threads in (1, 2):
                    programs.go_case(case, threads, effort.throughput_time)
            programs.go_case("PoolSTW", 2, effort.stw_operations)
            programs.go_case("PoolExpensiveNew", 2, effort.expensive_operations)
        say(f"round {number}/{effort.rounds}: cycles")
        programs.pauses(effort.collect_calls, effort.latency_blocks)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", required=True, help="where CMake built the project")
    parser.add_argument("--quick", action="store_true", help="less than two minutes instead of eight")
    arguments = parser.parse_args()

    start = time.monotonic()

    def say(text):
        print(f"[{time.monotonic() - start:4.0f} s] {text}", file=sys.stderr, flush=True)

    facts = machine.describe(arguments.build_dir)
    samples = Samples()
    programs = Programs(arguments.build_dir, samples)
    for note in programs.notes:
        say(note)
    measure(programs, Effort(arguments.quick), say)

    rows = targets.all_rows(samples)
    command = f"bench/run.py --build-dir {arguments.build_dir}" + (" --quick" if arguments.quick else "")
    folder = os.path.join(arguments.build_dir, "bench")
    with open(os.path.join(folder, "report.json"), "w", encoding="utf-8") as file:
        json.dump({
            "machine": facts,
            "command": command,
            "targets": [{"what": row.what, "asked": row.asked, "measured": row.measured,
                         "reached": row.reached} for row in rows],
            "samples": samples.as_json(),
        }, file, indent=1)
    text = tables.markdown(samples, rows, facts, command, programs.notes)
    with open(os.path.join(folder, "report.md"), "w", encoding="utf-8") as file:
        file.write(text)
    say(f"wrote {folder}/report.json and report.md")
    print(text.split("\n## Side by side")[0])


if __name__ == "__main__":
    main()
