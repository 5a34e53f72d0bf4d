# Four panels over one time axis: answers, 503s, the time to get a connection, and how many of these are open.
# Variables from run.sh: dir (data in, pictures out), load_s, killed and back (of the database, in seconds), labels of
# the three, about (the load, in a line), limit (of the database's connections).

set encoding utf8
modes = "pool none small"
# Okabe and Ito's colours, told apart by people with any colour vision; dashes help on paper.
set linetype 1 lc rgb "#0072B2" lw 3.0 dt solid
set linetype 2 lc rgb "#D55E00" lw 2.2 dt (14,5)
set linetype 3 lc rgb "#6B6B6B" lw 2.2 dt (4,3)

set border 3 lc rgb "#404040"
set tics nomirror out scale 0.6 textcolor rgb "#404040"
set grid ytics lc rgb "#E4E4E4" lt 1 lw 1 dt solid
set xrange [0:load_s]
set yrange [0:*]
set lmargin at screen 0.105
set rmargin at screen 0.965
file(i) = dir."/orders_".word(modes, i).".dat"

do for [format in "png svg"] {
  if (format eq "png") {
    set terminal pngcairo size 1400,1400 font "DejaVu Sans,13" enhanced
  } else {
    set terminal svg size 1400,1400 font "DejaVu Sans,16" enhanced background "white"
  }
  set output dir."/orders_service.".format
  set multiplot
  set object 1 rectangle from killed, graph 0 to back, graph 1 behind fc rgb "#F6D9CC" fs solid noborder

  set label 10 "One service, one load, three ways to connect to its database" at screen 0.105, 0.975 font ",19" \
    textcolor rgb "#202020"
  set label 11 about at screen 0.105, 0.950 textcolor rgb "#505050"
  set label 12 "database killed, and back (blue line only)" at first (killed + back) / 2, graph 1.06 center \
    textcolor rgb "#B0603A"

  set format x ""
  set key at screen 0.105, 0.937 left top horizontal Left reverse samplen 3 width 2
  set tmargin at screen 0.885
  set bmargin at screen 0.725
  set ylabel "answers/s" offset 0.5
  plot for [i = 1:3] file(i) using 1:2 with lines lt i title word(labels, i)

  unset key
  unset label 10
  unset label 11
  unset label 12
  set tmargin at screen 0.690
  set bmargin at screen 0.510
  set ylabel "503s/s"
  plot for [i = 1:3] file(i) using 1:3 with lines lt i

  set tmargin at screen 0.475
  set bmargin at screen 0.295
  set ylabel "ms to get a connection (log)"
  set logscale y
  set yrange [1:*]
  plot for [i = 1:3] file(i) using 1:4 with lines lt i
  unset logscale y
  set yrange [0:*]

  set format x "%g"
  set tmargin at screen 0.260
  set bmargin at screen 0.070
  set ylabel "connections open or opening"
  set xlabel "seconds since the load began; rates and means are those of the half second before"
  set arrow 1 from graph 0, first limit to graph 1, first limit nohead lc rgb "#909090" lw 1.2 dt (2,4)
  set label 13 "the database takes no more" at graph 0.995, first limit offset 0, -0.6 right textcolor rgb "#707070"
  plot for [i = 1:3] file(i) using 1:5 with lines lt i
  unset xlabel
  unset arrow 1
  unset label 13
  unset multiplot
  unset output
}
