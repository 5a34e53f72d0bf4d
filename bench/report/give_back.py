"""Who gives memory back: a burst, then light load, and the resident memory of each system's own process."""

import json
import os
import subprocess
import time
from threading import Thread

from . import counts
from .measurements import number
from .text import table

MIB = 1 << 20
THREADS = 4
NO_PART = 3  # what a program returns when the system takes no part in a task
PERIOD = 0.25  # seconds between two looks
READING = """\
Each system in a process of its own: four threads take objects until the burst is held, give all back, and
then one thread takes and gives back ten objects every 10 ms. Resident memory in MiB; nobody calls anything
to give memory back, and ebbpool's cycles come every 5 seconds, its default. The thread-local lists
`tls_list` and `tls_raw` delete what is above 256 objects. A plain allocator keeps no objects: its lines
show what the allocator itself keeps. "Overhead" is what the memory grew by when the objects were put, per
object: what the pool needs to hold an idle one (negative: the allocator gave memory back at once)."""


class Process:
    def __init__(self, system, command, environment):
        self.system = system
        self.emptied = None  # when all objects were put
        self.line = []  # (seconds since the objects were put, MiB)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL, env=environment)
        self.at = {}  # phase -> MiB
        said = self.process.stdout.readline().strip()
        if said == "start":
            self.at["start"] = self.resident()
        elif self.process.wait() != NO_PART:
            raise RuntimeError(f"{system}: expected start, got {said!r}")

    def phase(self, name):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self._expect(name)

    def _expect(self, name):
        said = self.process.stdout.readline().strip()
        if said != name:
            raise RuntimeError(f"{self.system}: expected {name}, got {said!r}")
        self.at[name] = self.resident()

    def resident(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        return 0.0

    def takes_part(self):
        return self.process.poll() is None

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(bench):
    burst = bench.choose(128, 1024) * MIB
    seconds = bench.choose(20, 30)
    commands = {name: [bench.path("ebb_bench"), "memory", name, str(burst), str(THREADS)] for name in bench.peers}
    for name in bench.foreign.commands():
        commands[name] = bench.foreign.alone(name, "memory", burst, THREADS)
    names = list(commands)
    counting = Thread(target=counts.measure, args=(bench,))  # while the machine has nothing else to do
    counting.start()
    at_once = max(1, min(len(names), int(_available() * 0.7 / (1.5 * burst))))
    curves = {}
    for first in range(0, len(names), at_once):
        group = names[first:first + at_once]
        bench.say(f"who gives {burst // MIB} MiB back, {seconds} s: {', '.join(group)}")
        for process in _run([(name, commands[name]) for name in group], seconds, bench):
            curves[process.system] = process.line
            _take_over(bench.results, process, burst // 1024)
    counting.join()
    with open(os.path.join(bench.folder, "give_back.json"), "w", encoding="utf-8") as file:
        json.dump({"burst_mib": burst // MIB, "seconds": seconds, "curves": curves}, file)


def _run(commands, seconds, bench):
    processes = [Process(name, command, bench.environment()) for name, command in commands]
    processes = [process for process in processes if process.takes_part()]
    watcher = Thread(target=_watch, args=(processes, seconds))
    watcher.start()
    # One after another: what is measured is memory, and a burst of one must not slow the next.
    for process in processes:
        process.phase("full")
        process.line.append((0, process.at["full"]))
        process.phase("empty")
        process.emptied = time.monotonic()
    watcher.join()
    for process in processes:
        process.end()
    return processes


def _watch(processes, seconds):
    """Looks at each for so long after it has put the objects back."""
    left = set(processes)
    while left:
        for process in list(left):
            since = time.monotonic() - process.emptied if process.emptied else 0
            if since > seconds:
                left.remove(process)
            elif process.emptied:
                process.line.append((since, process.resident()))
        time.sleep(PERIOD)


def _take_over(results, process, objects):
    case, system = "give_back", process.system
    results.add(case, system, THREADS, "start", [process.at["start"]], "MiB")
    results.add(case, system, THREADS, "full", [process.at["full"]], "MiB")
    for metric, share in (("after_1_s", 1), ("after_10_s", 10), ("after_20_s", 20), ("at_the_end", 1e9)):
        results.add(case, system, THREADS, metric, [_at(process.line, share)], "MiB")
    results.add(case, system, THREADS, "overhead",
                [(process.at["empty"] - process.at["full"]) * MIB / objects], "bytes per object")


def _at(line, seconds):
    return min(line, key=lambda point: abs(point[0] - seconds))[1]


def _available():
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 4 << 30


def markdown(results):
    metrics = ("start", "full", "after_1_s", "after_10_s", "after_20_s", "at_the_end", "overhead")
    systems = results.systems("give_back", THREADS, "at_the_end")
    rows = [[system, *(number(results.get("give_back", system, THREADS, metric).median) for metric in metrics)]
            for system in systems]
    head = ("MiB resident", "at the start", "burst held", "1 s after", "10 s", "20 s", "at the end",
            "overhead, bytes")
    return ["## Who gives memory back", READING, "![](give_back.png)", table(head, rows)]
