#!/usr/bin/env python3
"""Lists where each instruction begins in the functions that are walked.

  boundaries.py PROGRAM [FUNCTION...]    one line per boundary: function, bytes from its start, kind, instruction

The functions are those named walk_<function>; without arguments all of them. Where the compiler kept a section
out of line, the function that holds it belongs to the caller. Kinds: "code", and "landing" for the instruction
outside the function at which the kernel resumes an aborted section. No boundary: the padding that compilers put
behind a jump, which nothing executes.
"""
import re
import subprocess
import sys

SECTION = re.compile(r"^Disassembly of section (.+):$")
HEADER = re.compile(r"^([0-9a-f]+) <(.+)>:$")
LINE = re.compile(r"^ *([0-9a-f]+):\t(.+)$")
TARGET = re.compile(r"^(call|jmp)q? +([0-9a-f]+) <([^>+]+)>")
JUMP = re.compile(r"^jmp +([0-9a-f]+)")
SECTION_FUNCTION = "percpu6x86_64"  # in the mangled name of what holds a section


def disassemble(program):
    """Functions by name: their address, and [address, instruction] of each boundary; and those of the landings."""
    functions, landings = {}, []
    into = None
    command = ["objdump", "-d", "--no-show-raw-insn", "-w", "-j", ".text", "-j", "__rseq_failure", program]
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        section, header, instruction = SECTION.match(line), HEADER.match(line), LINE.match(line)
        if section:
            into = landings if section[1] == "__rseq_failure" else None
        elif header and into is not landings:
            into = functions.setdefault(header[2], [int(header[1], 16), []])[1]
        elif instruction and into is not None:
            into.append([int(instruction[1], 16), instruction[2].split("#")[0].strip()])
    return functions, landings


def without_padding(instructions):
    after_jump = False
    for address, text in instructions:
        padding = "nop" in text or text.startswith(("xchg   %ax,%ax", "int3", "data16", "cs "))
        if padding and after_jump:
            continue
        after_jump = text.startswith(("ret", "jmp", "ud2"))
        yield address, text


def parts(functions, name):
    """The function, the cold parts that were split from it, and the sections it calls."""
    found, todo = [], [f for f in functions if f == name or f.startswith(name + ".")]
    while todo:
        part = todo.pop(0)
        found.append(part)
        for _, text in functions[part][1]:
            target = TARGET.match(text)
            if target and SECTION_FUNCTION in target[3] and target[3] in functions and target[3] not in found + todo:
                todo.append(target[3])
    return found


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    functions, landings = disassemble(sys.argv[1])
    wanted = sys.argv[2:] or [f[5:] for f in functions if f.startswith("walk_") and "." not in f]
    for name in sorted(wanted):
        if "walk_" + name not in functions:
            sys.exit(f"boundaries.py: {sys.argv[1]} has no function walk_{name}")
        start = functions["walk_" + name][0]
        code = [b for part in parts(functions, "walk_" + name) for b in without_padding(functions[part][1])]
        inside = {address for address, _ in code}
        for address, text in code:
            print(name, address - start, "code", text)
        for address, text in landings:  # each jumps back into the function that it belongs to
            jump = JUMP.match(text)
            if jump and int(jump[1], 16) in inside:
                print(name, address - start, "landing", text)


main()
