# Transfers of the pool per operation over CPUs, four workloads.
# Variables from run.py: data (numbers in), dir (pictures out), last (most CPUs).

set encoding utf8
# The columns of the numbers, in the order of model/designs.py. The portable path has ebbpool's line.
drawn = "2 4 5 6 7 8 9 10 11 12"
array title_of[10] = ["ebbpool (both paths)", "thread-local list", "thread-local + global chunks", \
  "malloc with thread caches", "Go sync.Pool", "try-lock + vector per CPU", "mutex + vector", \
  "lock-free stack", "MPMC queue (two counters)", "queue per producer"]
# Okabe and Ito's colours, told apart by people with any colour vision; marks and dashes help on paper.
set linetype 1 lc rgb "#0072B2" lw 4.0 dt solid pt 7 ps 1.3
set linetype 2 lc rgb "#9A9A9A" lw 2.0 dt (4,3) pt 1 ps 1.2
set linetype 3 lc rgb "#56B4E9" lw 2.0 dt solid pt 4 ps 1.2
set linetype 4 lc rgb "#009E73" lw 2.0 dt solid pt 6 ps 1.2
set linetype 5 lc rgb "#E69F00" lw 2.0 dt solid pt 8 ps 1.3
set linetype 6 lc rgb "#8A5A00" lw 2.0 dt (10,4) pt 10 ps 1.3
set linetype 7 lc rgb "#D55E00" lw 2.0 dt solid pt 5 ps 1.0
set linetype 8 lc rgb "#CC79A7" lw 2.0 dt solid pt 12 ps 1.3
set linetype 9 lc rgb "#6A3D9A" lw 2.0 dt (10,4) pt 14 ps 1.3
set linetype 10 lc rgb "#202020" lw 2.0 dt (4,3) pt 3 ps 1.1

set border 3 lc rgb "#404040"
set tics nomirror out scale 0.6 textcolor rgb "#404040"
set grid ytics lc rgb "#E4E4E4" lt 1 lw 1 dt solid
set logscale x 2
set logscale y
set xrange [1.8:last * 1.12]
set xtics (2, 8, 32, 128, 512)
# A logarithmic axis has no 0, so 0 has a place of its own at the bottom.
zero = 0.03
shown(v) = v < zero ? zero : v
set yrange [zero * 0.72:500]
set ytics ("0" zero, "0.1" 0.1, "1" 1, "10" 10, "100" 100)

cases = "pair handover handover_random handover_halves"
array heading[4] = ["Each CPU: one get, one put", "Hand-over: CPU i gets, its neighbour puts", \
  "Hand-over: getting and putting CPUs mixed at random", "Hand-over: the lower half gets, the upper half puts"]

do for [format in "png svg"] {
  if (format eq "png") {
    set terminal pngcairo size 1400,1260 font "DejaVu Sans,13" enhanced
  } else {
    set terminal svg size 1400,1260 font "DejaVu Sans,16" enhanced background "white"
  }
  set output dir."/scaling.".format
  set multiplot
  set label 1 "What grows with the number of CPUs, and what does not" at screen 0.06, 0.973 font ",19" \
    textcolor rgb "#202020"
  set label 2 "cache-line transfers that the pool causes, per get with its put; simulated" at screen 0.06, 0.945 \
    textcolor rgb "#505050"
  do for [i = 1:4] {
    left = 0.06 + 0.48 * ((i - 1) % 2)
    top = i <= 2 ? 0.885 : 0.505
    set lmargin at screen left
    set rmargin at screen left + 0.435
    set tmargin at screen top
    set bmargin at screen top - 0.295
    set label 3 heading[i] at graph 0, 1.055 textcolor rgb "#202020"
    if (i > 2) { set xlabel "CPUs" offset 0, 0.3 } else { unset xlabel }
    if (i % 2 == 1) { set ylabel "transfers per operation" offset 1 } else { unset ylabel }
    if (i == 1) {
      set label 4 "0 at any number of CPUs: ebbpool, both thread-local lists,\nmalloc with thread caches, Go, try-locks" \
        at graph 0.03, 0.145 textcolor rgb "#505050"
    }
    if (i > 1) {
      set label 4 "0, and keeps nothing: thread-local list" at graph 0.03, 0.085 textcolor rgb "#707070"
    }
    unset key
    # ebbpool last, so that it lies on top.
    plot for [k = 10:1:-1] data."/".word(cases, i).".dat" \
      using 1:(shown(column(int(word(drawn, k))))) with linespoints lt k
    unset label 1
    unset label 2
    unset label 4
  }
  # The legend, in a panel without axes below the others.
  set tmargin at screen 0.155
  set bmargin at screen 0.01
  set lmargin at screen 0.06
  set rmargin at screen 0.975
  unset label 3
  unset xlabel
  unset ylabel
  unset tics
  unset border
  unset grid
  set key at screen 0.52, 0.135 center top horizontal Left reverse samplen 3.5 width 2 maxrows 3
  plot for [k = 1:10] NaN with linespoints lt k title title_of[k]
  unset multiplot
  unset output
}
