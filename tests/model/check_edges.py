#!/usr/bin/env python3
"""Keeps the named memory-order edges in step: the comments in the code, the table in docs/memory_model.md, the
seeded bugs in mutants_*.txt, and the map in docs/verification/model.md. And sees to it that library code uses the
atomics of ebb/detail/atomics.hpp.

  check_edges.py [ROOT]       prints what disagrees, and is false then
"""
import pathlib
import re
import sys

if len(sys.argv) > 2:
    sys.exit("check_edges.py: one argument at most, the root of the repository")
ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) == 2 else pathlib.Path(__file__).resolve().parents[2])
EDGE = re.compile(r"\b[Ee]dge ([a-z][a-z-]*)")
ORDER = re.compile(r"memory_order_(acquire|release|acq_rel|seq_cst|consume)")
# How far above an order its edge may be named.
REACH = 12

findings = []


def compare(what, left, where, right):
    for name in sorted(left - right):
        findings.append(f"{what} {name}: {where}")


code = {}  # edge: where it is named first
for file in sorted([*(ROOT / "include/ebb/detail").rglob("*.hpp"), *(ROOT / "src").glob("*.?pp")]):
    lines = file.read_text().splitlines()
    last_named = -REACH
    for number, line in enumerate(lines, 1):
        comment = line.partition("//")[2]
        for name in EDGE.findall(comment):
            code.setdefault(name, f"{file.relative_to(ROOT)}:{number}")
            last_named = number
        if re.search(r"std::atomic(_ref)?<", line) and file.name != "atomics.hpp":
            findings.append(f"{file.relative_to(ROOT)}:{number}: std::atomic, which the model checker does not see; "
                            "ebb/detail/atomics.hpp has what to use")
        if ORDER.search(line.partition("//")[0]) and number - last_named >= REACH:
            findings.append(f"{file.relative_to(ROOT)}:{number}: an order stronger than relaxed, and no edge named")

table = set(re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/memory_model.md").read_text(), re.M))

mutants = {}  # name: (edge, scenario)
name = None
texts = [f.read_text() for f in sorted((ROOT / "tests/model").glob("mutants_*.txt"))]
for line in "".join(texts).splitlines():
    if line.startswith("== "):
        name = line[3:].strip()
        mutants[name] = ["-", "-"]
    elif line.startswith("edge: "):
        mutants[name][0] = line[6:].strip()
    elif line.startswith("killed-by: "):
        mutants[name][1] = line[11:].strip()

scenarios = set()
for file in (ROOT / "tests/model/scenarios").glob("*.cpp"):
    scenarios |= set(re.findall(r"^const scenario \w+\(\"([a-z-]+)\"", file.read_text(), re.M))

# One line of the map: | edge | mutants | scenario |
page = (ROOT / "docs/verification/model.md").read_text()
mapped = set()
for edge, cell, scenario in re.findall(r"^\| `([a-z-]+)` \| (.*) \| `([a-z-]+)` \|$", page, re.M):
    mapped |= {(edge, name, scenario) for name in re.findall(r"`([a-z-]+)`", cell)}

compare("edge", set(code), "named in the code, not in the table of docs/memory_model.md", table)
compare("edge", table, "in the table of docs/memory_model.md, not named in the code", set(code))
for edge in sorted(table):
    for half in ("release", "acquire"):
        if not any(e == edge and n.startswith(f"{edge}-{half}") for n, (e, _) in mutants.items()):
            findings.append(f"edge {edge}: no mutant {edge}-{half}... weakens it")
for name, (edge, scenario) in sorted(mutants.items()):
    if edge != "-" and edge not in table:
        findings.append(f"mutant {name}: weakens edge {edge}, which is not in docs/memory_model.md")
    if scenario not in scenarios:
        findings.append(f"mutant {name}: killed by {scenario}, which is not a scenario")
wanted = {(edge, name, scenario) for name, (edge, scenario) in mutants.items() if edge != "-"}
compare("map", {" -> ".join(m) for m in wanted}, "in mutants_*.txt, not in docs/verification/model.md",
        {" -> ".join(m) for m in mapped})
compare("map", {" -> ".join(m) for m in mapped}, "in docs/verification/model.md, not in mutants_*.txt",
        {" -> ".join(m) for m in wanted})

for finding in findings:
    print(finding)
if not findings:
    weak = f"{len(wanted)} of {len(mutants)} mutants weaken one"
    print(f"edges in step: {len(table)} edges, {weak}, {len(scenarios)} scenarios")
sys.exit(bool(findings))
