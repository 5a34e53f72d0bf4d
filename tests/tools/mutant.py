#!/usr/bin/env python3
"""Seeded bugs: writes a copy of the library with one of them in it.

  mutant.py FILE --list            the names in FILE, one a line
  mutant.py FILE --edges           name, tab, the memory-order edge it weakens ("-": none)
  mutant.py FILE --killers         name, tab, edge, tab, what has to kill it ("-": not said)
  mutant.py FILE NAME DIRECTORY    include/ and src/ of the library into DIRECTORY, with mutant NAME
  mutant.py FILE none DIRECTORY    the same without any

A file of mutants is text. Lines before the first "== " are comment. Each mutant:

  == name-of-the-mutant
  file: include/ebb/detail/depot.hpp
  edge: stack                            (optional)
  killed-by: a scenario, or a test       (optional; a technique that has many asks which)
  why: one line: what goes wrong because of it
  --- old
  the lines it replaces, exactly as they stand, exactly once in the file
  +++ new
  what it puts there

Several "--- old", "+++ new" pairs (and "file:" lines between them) make one mutant. A mutant whose old lines
are not there any more is an error: the code has moved on, and the mutant has to follow.
"""
import argparse
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Mutant:
    def __init__(self, name):
        self.name = name
        self.edge = "-"
        self.killer = "-"
        self.why = ""
        self.changes = []  # [file, old lines, new lines]


def parse(path):
    mutants = []
    file = None
    into = None  # where lines go that are neither field nor mark
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("== "):
            mutants.append(Mutant(line[3:].strip()))
            file, into = None, None
        elif not mutants:
            continue
        elif line == "--- old":
            if file is None:
                sys.exit(f"{path}:{number}: \"--- old\" before any \"file:\"")
            mutants[-1].changes.append([file, [], []])
            into = mutants[-1].changes[-1][1]
        elif line == "+++ new":
            into = mutants[-1].changes[-1][2]
        elif line.startswith("file: "):
            file, into = line[6:].strip(), None
        elif into is not None:
            into.append(line)
        elif line.startswith("edge: "):
            mutants[-1].edge = line[6:].strip()
        elif line.startswith("killed-by: "):
            mutants[-1].killer = line[11:].strip()
        elif line.startswith("why: "):
            mutants[-1].why = line[5:].strip()
        elif line.strip():
            sys.exit(f"{path}:{number}: neither a field nor inside old or new: {line}")
    return mutants


def apply(mutant, directory):
    for file, old, new in mutant.changes:
        target = directory / file
        text = target.read_text()
        before = "\n".join(old).strip("\n")
        found = text.count(before)
        if found != 1 or not before:
            sys.exit(f"mutant {mutant.name}: its old lines are {found} times in {file}, they must be there once")
        target.write_text(text.replace(before, "\n".join(new).strip("\n")))


def main():
    arguments = argparse.ArgumentParser(description="Writes a copy of the library with one seeded bug in it.")
    arguments.add_argument("file", type=pathlib.Path, help="a file of mutants")
    arguments.add_argument("--list", action="store_true", help="print the names")
    arguments.add_argument("--edges", action="store_true", help="print names and edges")
    arguments.add_argument("--killers", action="store_true", help="print names, edges, and what kills them")
    arguments.add_argument("name", nargs="?")
    arguments.add_argument("directory", nargs="?", type=pathlib.Path)
    given = arguments.parse_args()
    mutants = parse(given.file)
    if given.list or given.edges or given.killers:
        for m in mutants:
            print(m.name if given.list else f"{m.name}\t{m.edge}" + (f"\t{m.killer}" if given.killers else ""))
        return
    if given.directory is None:
        arguments.error("NAME and DIRECTORY, or --list, --edges or --killers")
    chosen = [m for m in mutants if m.name == given.name]
    if not chosen and given.name != "none":
        sys.exit(f"mutant.py: {given.name} is not in {given.file}; --list prints what is")
    for part in ("include", "src"):
        shutil.copytree(ROOT / part, given.directory / part, dirs_exist_ok=True)
    for mutant in chosen:
        apply(mutant, given.directory)


main()
