package main

import (
	"flag"
	"runtime"
	"sort"
	"strings"
	"testing"
)

// boxed is put instead of a bare int so that both languages pool a pointer to a small object.
type boxed struct{ value int }

// cases are those of sync.Pool's own benchmarks that measure more than time.
var cases = map[string]func(*testing.B){
	"PoolSTW":          benchPoolSTW,
	"PoolExpensiveNew": benchPoolExpensiveNew,
}

func caseNames() string {
	var names []string
	for name := range cases {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

func runCase(name string, threads int, benchtime string) {
	runtime.GOMAXPROCS(threads)
	testing.Init()
	if err := flag.Set("test.benchtime", benchtime); err != nil {
		fail(err)
	}
	done := testing.Benchmark(cases[name])
	result := map[string]any{
		"case":      name,
		"path":      runtime.Version(),
		"threads":   threads,
		"ns_per_op": float64(done.T.Nanoseconds()) / float64(done.N),
	}
	for metric, value := range done.Extra {
		result[metric] = value
	}
	printJSON(result)
}
