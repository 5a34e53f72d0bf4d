"""Beyond the CPUs of this machine: the model of bench/scaling, fed with what was measured."""

import os
import subprocess
import sys

SCRIPT = os.path.join(os.path.dirname(__file__), "../scaling/run.py")


def draw(bench, report):
    """Writes scaling.json, .md, .png and .svg."""
    bench.say("the model of more CPUs")
    command = [sys.executable, SCRIPT, "--measurements", report, "--output", bench.folder]
    subprocess.run(command + (["--quick"] if bench.quick else []), check=True, stdout=subprocess.DEVNULL)
