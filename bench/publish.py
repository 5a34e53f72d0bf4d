#!/usr/bin/env python3
"""Takes the report and the pictures of the last run over into docs/, and its main figures into the README."""

import argparse
import os
import re
import shutil

from report import readme

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
DOCS = os.path.join(ROOT, "docs")
PICTURES = ("pairs", "bursts", "latency", "give_back", "work", "scaling")


# The report is long for one page.
FIRST_OF_PART_2 = "\n## Latency of single operations\n"
AFTER_PART_2 = "\n## More CPUs\n"


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        text = file.read()
    for picture in PICTURES:
        text = text.replace(f"]({picture}.png)", f"](images/bench_{picture}.png)")
    return text


def write(name, text):
    with open(os.path.join(DOCS, name), "w", encoding="utf-8") as file:
        file.write(text)


def fill_readme(parts):
    path = os.path.join(ROOT, "README.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name, part in parts.items():
        pattern = f"(<!-- benchmarks: {name} -->\\n).*?(<!-- end -->)"
        text, found = re.subn(pattern, lambda marks, part=part: f"{marks[1]}{part}\n{marks[2]}", text, flags=re.DOTALL)
        if found != 1:
            raise SystemExit(f"README.md has {found} places for the benchmarks' {name}, must have one")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", required=True, help="as for run.py")
    folder = os.path.join(parser.parse_args().build_dir, "bench")
    before, rest = read(folder, "report.md").split(FIRST_OF_PART_2)
    part_2, after = rest.split(AFTER_PART_2)
    more = ("## More cases\n\nLatency, who gives memory back, threads, pools by the thousand, memory beside each\n"
            "allocator, cases of Go, and a whole program are in [part 2](benchmarks_part_2.md).\n")
    part_2_title = ("# Benchmarks of ebbpool, part 2\n\nOf the same run as [part 1](benchmarks.md), which says where "
                    "and how.\n")
    write("benchmarks.md", f"{before}\n{more}{AFTER_PART_2}{after}")
    write("benchmarks_part_2.md", f"{part_2_title}{FIRST_OF_PART_2}{part_2}")
    write("scaling.md", read(folder, "scaling.md"))
    for picture in PICTURES:
        shutil.copyfile(os.path.join(folder, f"{picture}.png"),
                        os.path.join(DOCS, "images", f"bench_{picture}.png"))
    fill_readme(readme.parts(os.path.join(folder, "report.json")))


if __name__ == "__main__":
    main()
