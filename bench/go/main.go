// Command ebb_go_peers runs the cases of sync.Pool's own benchmarks on sync.Pool, one per call, and prints
// one line of JSON: what ebb_go_cases prints for ebbpool.
//
//	ebb_go_peers CASE THREADS BENCHTIME
//
// BENCHTIME is a duration (0.2s) or a number of operations (1000x).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
)

var cases = map[string]func(*testing.B){
	"Pool":             benchPool,
	"PoolOverflow":     benchPoolOverflow,
	"PoolStarvation":   benchPoolStarvation,
	"PoolSTW":          benchPoolSTW,
	"PoolExpensiveNew": benchPoolExpensiveNew,
}

func main() {
	if len(os.Args) != 4 || cases[os.Args[1]] == nil {
		fail("usage: ebb_go_peers CASE THREADS BENCHTIME")
	}
	threads, err := strconv.Atoi(os.Args[2])
	if err != nil {
		fail(err)
	}
	runtime.GOMAXPROCS(threads)
	testing.Init()
	if err := flag.Set("test.benchtime", os.Args[3]); err != nil {
		fail(err)
	}
	done := testing.Benchmark(cases[os.Args[1]])
	result := map[string]any{
		"case":      os.Args[1],
		"path":      runtime.Version(),
		"threads":   threads,
		"ns_per_op": float64(done.T.Nanoseconds()) / float64(done.N),
	}
	for name, value := range done.Extra {
		result[name] = value
	}
	line, err := json.Marshal(result)
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(2)
}
