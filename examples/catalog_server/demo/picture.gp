# Three panels over one time axis: requests per second, resident memory, idle objects.
# Variables from run.sh: dir (data in, pictures out), load_s, quiet_s.

set encoding utf8
modes = "ebb mutex none"
title_of(m) = m eq "ebb" ? "ebb::object\\_pool" : m eq "mutex" ? "vector behind a mutex" : "no pool"
# Okabe and Ito's colours, told apart by people with any colour vision; dashes help on paper.
set linetype 1 lc rgb "#0072B2" lw 3.0 dt solid
set linetype 2 lc rgb "#D55E00" lw 2.2 dt (14,5)
set linetype 3 lc rgb "#6B6B6B" lw 2.2 dt (4,3)

set border 3 lc rgb "#404040"
set tics nomirror out scale 0.6 textcolor rgb "#404040"
set grid ytics lc rgb "#E4E4E4" lt 1 lw 1 dt solid
set xrange [-1:load_s + quiet_s]
set yrange [0:*]
set lmargin at screen 0.105
set rmargin at screen 0.965
band_colour = "#F1F5FA"

do for [format in "png svg"] {
  if (format eq "png") {
    set terminal pngcairo size 1400,1180 font "DejaVu Sans,13" enhanced
  } else {
    set terminal svg size 1400,1180 font "DejaVu Sans,16" enhanced background "white"
  }
  set output dir."/catalog_server.".format
  set multiplot
  set object 1 rectangle from 0, graph 0 to load_s, graph 1 behind fc rgb band_colour fs solid noborder

  set label 10 "Filling under load, ebbing after" at screen 0.105, 0.972 font ",19" textcolor rgb "#202020"
  set label 11 "catalog\\_server, three ways to keep deflate streams, buffers and request scratch" \
    at screen 0.105, 0.940 textcolor rgb "#505050"
  set label 12 "load" at first 0.08, graph 1.05 textcolor rgb "#5B7BA6"
  set label 13 "quiet" at first load_s + 0.08, graph 1.05 textcolor rgb "#808080"

  set format x ""
  set key at screen 0.965, 0.986 right top vertical Left reverse samplen 3
  set tmargin at screen 0.885
  set bmargin at screen 0.655
  set ylabel "requests/s (thousands)" offset 0.5
  plot for [i = 1:3] dir."/".word(modes, i).".dat" using 1:($2 / 1000) with lines lt i title title_of(word(modes, i))

  unset key
  unset label 10
  unset label 11
  unset label 12
  unset label 13
  set tmargin at screen 0.610
  set bmargin at screen 0.370
  set ylabel "resident memory (MiB)"
  plot for [i = 1:3] dir."/".word(modes, i).".dat" using 1:3 with lines lt i

  set format x "%g"
  set tmargin at screen 0.325
  set bmargin at screen 0.085
  set ylabel "idle objects in the pools"
  set xlabel "seconds since the load began"
  plot for [i = 1:3] dir."/".word(modes, i).".dat" using 1:4 with lines lt i
  unset xlabel
  unset multiplot
  unset output
}
