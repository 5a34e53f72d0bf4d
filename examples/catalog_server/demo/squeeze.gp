# Two panels over one time axis: memory under a limit with what is idle in the pools, and requests per second.
# Variables from squeeze.sh: dir (data in, pictures out), load_s, squeezed (seconds), limit_mib (0: reported only).

set encoding utf8
data = dir."/squeeze.dat"
# Okabe and Ito's colours, as in picture.gp.
set linetype 1 lc rgb "#0072B2" lw 3.0 dt solid
set linetype 2 lc rgb "#009E73" lw 2.2 dt solid
set linetype 3 lc rgb "#D55E00" lw 2.2 dt (14,5)
set border 3 lc rgb "#404040"
set tics nomirror out scale 0.6 textcolor rgb "#404040"
set grid ytics lc rgb "#E4E4E4" lt 1 lw 1 dt solid
stats data using 1 nooutput
set xrange [0:STATS_max]
stats data using 2 nooutput
top = (limit_mib > STATS_max ? limit_mib : STATS_max) * 1.12
set lmargin at screen 0.08
set rmargin at screen 0.97

do for [format in "png svg"] {
  if (format eq "png") {
    set terminal pngcairo size 1400,900 font "DejaVu Sans,13" enhanced
  } else {
    set terminal svg size 1400,900 font "DejaVu Sans,16" enhanced background "white"
  }
  set output dir."/squeeze.".format
  set multiplot
  set label 10 "Giving way before the limit bites" at screen 0.08, 0.965 font ",19" textcolor rgb "#202020"
  set label 11 (limit_mib > 0 ? \
    "catalog\\_server is limited to what it has after a load; no cycle is due for an hour" : \
    "high memory pressure is reported to catalog\\_server after a load; no cycle is due for an hour") \
    at screen 0.08, 0.925 textcolor rgb "#505050"
  set arrow 1 from squeezed, graph 0 to squeezed, graph 1 nohead lc rgb "#808080" lw 1.5 dt (3,3)
  set label 12 (limit_mib > 0 ? " limit set" : " pressure reported") at squeezed, graph 1.03 textcolor rgb "#606060"
  set key at screen 0.97, 0.975 right top vertical Left reverse samplen 3
  set format x ""
  set yrange [0:top]
  set tmargin at screen 0.86
  set bmargin at screen 0.43
  set ylabel "MiB" offset 0.5
  plot data using 1:($4 > 0 ? top : 0) with filledcurves x1 fc rgb "#F6D9CC" \
         title "memory pressure", \
       data using 1:2 with lines lt 1 title (limit_mib > 0 ? "memory the limit counts" : "resident memory"), \
       data using 1:3 with lines lt 2 title "of it idle in pools", \
       data using 1:(limit_mib > 0 && $1 >= squeezed ? limit_mib : NaN) with lines lt 3 title (limit_mib > 0 ? "limit" : "")
  unset key
  unset label 10
  unset label 11
  unset label 12
  set format x "%g"
  set yrange [0:*]
  set tmargin at screen 0.37
  set bmargin at screen 0.10
  set ylabel "requests/s (thousands)" offset 0.5
  set xlabel "seconds"
  rate(t, n) = (dt = t - t0, dn = n - n0, t0 = t, n0 = n, dt > 0 ? dn / dt / 1000 : 0)
  t0 = 0; n0 = 0
  plot data using 1:(rate($1, $5)) every 8 with lines lt 1
  unset xlabel
  unset multiplot
  unset output
}
