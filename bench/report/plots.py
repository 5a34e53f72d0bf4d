"""Pictures of the results, as PNG and SVG, by gnuplot."""

import json
import os
import shutil
import subprocess

from .text import of_threads

OURS = {"ebb": "#0b6e4f", "ebb_portable": "#5fad56"}
OTHERS = ("#c1121f", "#e07a5f", "#b5838d", "#6d597a", "#355070", "#1d70a2", "#8d99ae", "#bc6c25", "#dda15e",
          "#4a4e69", "#9a8c98", "#f2a65a", "#7f5539", "#a5a58d", "#d00000", "#577590", "#43aa8b", "#f94144",
          "#277da1", "#90be6d", "#f8961e", "#582f0e", "#3a86ff", "#ff006e", "#8338ec")
TERMINALS = {"png": "pngcairo size {0},{1} font 'sans,11' background '#ffffff'",
             "svg": "svg size {0},{1} font 'sans,11' background '#ffffff'"}


def draw_all(bench):
    if shutil.which("gnuplot") is None:
        bench.notes.append("gnuplot is not installed (gnuplot-nox), so there are no pictures.")
        return
    results = bench.results
    _dots(bench, "pairs", "One get and one put", "nanoseconds, as each thread sees it (log scale)",
          results, [("pair", n, "ns", of_threads(n)) for n in (1, 2, 16, 64)])
    _dots(bench, "bursts", "Bursts, hand-over: one get with its put, 2 threads", "nanoseconds (log scale)",
          results, [("burst_10", 2, "ns", "10 gets, 10 puts"), ("burst_100", 2, "ns", "100 gets, 100 puts"),
                    ("handover", 2, "ns", "got by one thread, put by the other")])
    _dots(bench, "latency", "Single gets, 16 threads", "nanoseconds (log scale)",
          results, [("latency_crowded", 16, f"get_{p}", p) for p in ("p50", "p99", "p99.9", "p99.99", "max")])
    _give_back(bench)
    _work(bench)
    _bounded(bench)


def _run(bench, name, size, script):
    for kind, terminal in TERMINALS.items():
        output = os.path.join(bench.folder, f"{name}.{kind}")
        text = f"set terminal {terminal.format(*size)}\nset output '{output}'\n{script}"
        subprocess.run(["gnuplot"], input=text, text=True, check=True)


def _block(name, rows):
    return f"${name} << EOD\n" + "\n".join(" ".join(map(str, row)) for row in rows) + "\nEOD\n"


def _label(system):
    return system.replace("_", " ")


def _dots(bench, name, title, axis, results, series):
    """A row for each system, the fastest by the first series on top, and a dot for each series."""
    case, threads, metric, _ = series[0]
    systems = results.systems(case, threads, metric)[::-1]
    if not systems:
        return
    script = ""
    plots = []
    colours = ("#0b6e4f", "#1d70a2", "#e07a5f", "#6d597a", "#222222")
    for number, (case, threads, metric, words) in enumerate(series):
        rows = [(spread.median, spread.p10, spread.p90, row) for row, system in enumerate(systems)
                if (spread := results.get(case, system, threads, metric))]
        if not rows:
            continue
        script += _block(f"s{number}", rows)
        plots.append(f"$s{number} using 1:4:2:3 with xerrorbars lc rgb '{colours[number]}' pt 7 ps 1 lw 1 "
                     f"title '{words}'")
    tics = ", ".join(f"'{_label(system)}' {row}" for row, system in enumerate(systems))
    script += f"""set title '{title}' font 'sans,14'
set xlabel '{axis}'
set logscale x
set ytics ({tics})
set yrange [-0.7:{len(systems) - 0.3}]
set grid x y lc rgb '#dddddd'
set key outside bottom center horizontal
set lmargin 24
set rmargin 4
set bmargin 7
plot {', '.join(plots)}
"""
    _run(bench, name, (900, 180 + 24 * len(systems)), script)


def _give_back(bench):
    path = os.path.join(bench.folder, "give_back.json")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    # By what they hold at the end; ours last, on top of the others.
    systems = sorted(data["curves"], key=lambda s: (s in OURS, data["curves"][s][-1][1]))
    script = ""
    plots = []
    for number, system in enumerate(systems):
        curve = data["curves"][system]
        script += _block(f"s{number}", [(f"{seconds:.2f}", f"{mib:.1f}") for seconds, mib in curve])
        colour, width = (OURS[system], 4) if system in OURS else (OTHERS[number % len(OTHERS)], 1.5)
        plots.append(f"$s{number} using 1:2 with lines lw {width} dt {1 + number % 3 if system not in OURS else 1} "
                     f"lc rgb '{colour}' title '{_label(system)}'")
    script += f"""set title 'Who gives {data["burst_mib"]} MiB back: resident memory after all objects were put' font 'sans,14'
set xlabel 'seconds of light load since the burst was put back'
set ylabel 'MiB'
set xrange [0:{data["seconds"]}]
set yrange [0:*]
set grid lc rgb '#dddddd'
set key outside right center reverse Left samplen 3
plot {', '.join(plots)}
"""
    _run(bench, "give_back", (1100, 620), script)


def _work(bench):
    from . import work
    results = bench.results
    cases = [case for case in work.CASES if results.systems(case, 2)]
    systems = [s for s in work.SYSTEMS[1:] if s != "ebb_buffer_pool"]
    rows = []
    for case in cases:
        gains = [results.ratio(case, "none", system, 2) for system in systems]
        rows.append([f'"{work.CASES[case]}"', *(gain.median if gain else "NaN" for gain in gains)])
    if not rows:
        return
    colours = ("#0b6e4f", "#e07a5f", "#8d99ae")
    plots = ", ".join(f"$rows using {column + 2}:xtic(1) lc rgb '{colours[column]}' title '{_label(system)}'"
                      for column, system in enumerate(systems))
    script = _block("rows", rows) + f"""set title 'Work done with a pool, as a multiple of without; 2 threads' font 'sans,14'
set style data histograms
set style histogram cluster gap 1
set style fill solid 0.9 border -1
set boxwidth 0.9
set ylabel 'times as much work per second (log scale)'
set logscale y
set xtics rotate by -20 font 'sans,10'
set grid y lc rgb '#dddddd'
set yrange [*<0.5:*]
set arrow from graph 0, first 1 to graph 1, first 1 nohead dt 2 lc rgb '#444444'
set key outside top right
set bmargin 6
set rmargin 24
plot {plots}
"""
    _run(bench, "work", (1000, 520), script)


def _bounded(bench):
    """Two panels with the same rows: throughput, and the longest wait."""
    from . import bounded
    results = bench.results
    last = list(bounded.CROWDS)[-1]
    systems = results.systems(last, bounded.CROWD, "worst_to_fair")[::-1]
    if not systems:
        return
    colours = ("#8d99ae", "#e07a5f", "#0b6e4f")
    script = ""
    plots = {"per_s": [], "worst_to_fair": []}
    for metric, series in plots.items():
        for number, (case, words) in enumerate(bounded.CROWDS.items()):
            found = [(results.get(case, system, bounded.CROWD, metric), row) for row, system in enumerate(systems)]
            block = f"{metric}_{number}"
            script += _block(block, [(spread.median, spread.p10, spread.p90, row) for spread, row in found if spread])
            series.append(f"${block} using 1:4:2:3 with xerrorbars lc rgb '{colours[number]}' pt 7 ps 1 lw 1 "
                          f"title 'held {words}'")
    tics = ", ".join(f"'{_label(system)}' {row}" for row, system in enumerate(systems))
    script += f"""set multiplot title '{bounded.CROWD} threads share {bounded.CAPACITY}' font 'sans,14'
set logscale x
set format x '10^{{%L}}'
set yrange [-0.7:{len(systems) - 0.3}]
set grid x y lc rgb '#dddddd'
set tmargin at screen 0.9
set bmargin at screen 0.3
set lmargin at screen 0.2
set rmargin at screen 0.58
set ytics ({tics})
set key at screen 0.5, screen 0.08 center center vertical
set xlabel 'acquires per second'
plot {', '.join(plots["per_s"])}
set lmargin at screen 0.63
set rmargin at screen 0.98
set ytics ({", ".join(f"'' {row}" for row in range(len(systems)))})
set xlabel 'the longest wait, in fair shares; dashed: 2'
set arrow from 2, graph 0 to 2, graph 1 nohead dt 2 lc rgb '#444444'
unset key
plot {', '.join(plots["worst_to_fair"])}
unset multiplot
"""
    _run(bench, "bounded", (1100, 180 + 28 * len(systems)), script)
