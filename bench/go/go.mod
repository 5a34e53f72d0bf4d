module ebbpool/bench/go

go 1.19
