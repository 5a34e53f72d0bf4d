#!/usr/bin/env python3
"""Takes the report and the pictures of the last run over into docs/."""

import argparse
import os
import shutil

DOCS = os.path.join(os.path.dirname(__file__), "../docs")
PICTURES = ("pairs", "bursts", "latency", "give_back", "work", "scaling")


def take_over(folder, name, published):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        text = file.read()
    for picture in PICTURES:
        text = text.replace(f"]({picture}.png)", f"](images/bench_{picture}.png)")
    with open(os.path.join(DOCS, published), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", required=True, help="as for run.py")
    folder = os.path.join(parser.parse_args().build_dir, "bench")
    take_over(folder, "report.md", "benchmarks.md")
    take_over(folder, "scaling.md", "scaling.md")
    for picture in PICTURES:
        shutil.copyfile(os.path.join(folder, f"{picture}.png"),
                        os.path.join(DOCS, "images", f"bench_{picture}.png"))


if __name__ == "__main__":
    main()
