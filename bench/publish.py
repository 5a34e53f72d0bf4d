#!/usr/bin/env python3
"""Takes the report and the pictures of the last run over into docs/, and its main figures into the README; or the
bounded pools alone, of a run that measured nothing else."""

import argparse
import os
import re
import shutil

from report import readme

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
DOCS = os.path.join(ROOT, "docs")
PICTURES = ("pairs", "bursts", "latency", "give_back", "work", "scaling", "bounded")

# The report is long for one page. Bounded pools are a page of their own.
BOUNDED = "\n## Bounded pools\n"
FIRST_OF_PART_2 = "\n## Latency of single operations\n"
AFTER_PART_2 = "\n## More CPUs\n"
WHERE = "\n## Where\n"
MISSING = "\n## What is missing here\n"
MORE_CASES = "\n## More cases\n"
MORE = f"""{MORE_CASES}
Latency, who gives memory back, threads, pools by the thousand, memory beside each
allocator, cases of Go, and a whole program are in [part 2](benchmarks_part_2.md);
bounded pools, whose callers wait, have [a page of their own](benchmarks_bounded.md).
"""


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


def copy_picture(folder, picture):
    shutil.copyfile(os.path.join(folder, f"{picture}.png"), os.path.join(DOCS, "images", f"bench_{picture}.png"))


def split_bounded(report):
    """The report without the section of the bounded pools, and that section."""
    if BOUNDED not in report:
        raise SystemExit("the report has no bounded pools: bench/run.py without --only, or with --only bounded")
    before, rest = report.split(BOUNDED)
    section, after = rest.split(FIRST_OF_PART_2)
    return before + FIRST_OF_PART_2 + after, section


def publish_bounded(folder, report):
    _, section = split_bounded(report)
    if MISSING in report:
        section += MISSING + report.split(MISSING)[1].split("\n## ")[0]
    write("benchmarks_bounded.md", f"# Benchmarks of bounded pools\n{section}{WHERE}{report.split(WHERE)[1]}")
    copy_picture(folder, "bounded")


def link_bounded():
    """From the first page, which may be of an older run."""
    page = read(DOCS, "benchmarks.md")
    before, rest = page.split(MORE_CASES)
    write("benchmarks.md", before + MORE + AFTER_PART_2 + rest.split(AFTER_PART_2)[1])


def publish_all(folder, report):
    without_bounded, _ = split_bounded(report)
    before, rest = without_bounded.split(FIRST_OF_PART_2)
    part_2, after = rest.split(AFTER_PART_2)
    part_2_title = ("# Benchmarks of ebbpool, part 2\n\nOf the same run as [part 1](benchmarks.md), which says where "
                    "and how.\n")
    write("benchmarks.md", f"{before}{MORE}{AFTER_PART_2}{after}")
    write("benchmarks_part_2.md", f"{part_2_title}{FIRST_OF_PART_2}{part_2}")
    write("scaling.md", read(folder, "scaling.md"))
    for picture in PICTURES:
        copy_picture(folder, picture)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", required=True, help="as for run.py")
    parser.add_argument("--only", choices=("bounded",), help="one page instead of all; after run.py with the same")
    arguments = parser.parse_args()
    folder = os.path.join(arguments.build_dir, "bench")
    report = read(folder, "report.md")
    if arguments.only is None:
        try:  # before anything is written
            figures = readme.parts(os.path.join(folder, "report.json"))
        except KeyError as missing:
            raise SystemExit(f"the report lacks {missing}, it is not of a whole run") from None
        publish_bounded(folder, report)
        publish_all(folder, report)
        fill_readme(figures)
    else:
        publish_bounded(folder, report)
        link_bounded()


if __name__ == "__main__":
    main()
