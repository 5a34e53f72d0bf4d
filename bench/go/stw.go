package main

import (
	"runtime"
	"runtime/debug"
	"sort"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const pooledInStw = 100000

// gapWatch is a goroutine that works on a pool of its own and remembers the longest time between two of
// its operations in each window that the benchmark opens.
type gapWatch struct {
	window  atomic.Int64 // 0: nobody looks; -1: end
	longest []float64    // ns, by window; written by the goroutine, read after done
	done    sync.WaitGroup
}

func (w *gapWatch) run() {
	defer w.done.Done()
	var pool sync.Pool
	one := &boxed{1}
	start := time.Now()
	last := time.Since(start)
	for {
		pool.Put(one)
		pool.Get()
		now := time.Since(start)
		open := w.window.Load()
		if open < 0 {
			return
		}
		if gap := float64(now - last); gap > w.longest[open] {
			w.longest[open] = gap
		}
		last = now
	}
}

// benchPoolSTW collects garbage while pools hold many objects: how long is the world stopped, and what does
// a goroutine see that works meanwhile? Every second window is as long, without a collection.
func benchPoolSTW(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	watch := gapWatch{longest: make([]float64, 2*b.N+1)}
	watch.done.Add(1)
	go watch.run()

	var pool sync.Pool
	var stats runtime.MemStats
	one := &boxed{1}
	pauses := make([]float64, b.N)
	collects := make([]float64, b.N)
	for i := 0; i < b.N; i++ {
		for k := 0; k < pooledInStw; k++ {
			pool.Put(one)
		}
		watch.window.Store(int64(2*i + 1))
		start := time.Now()
		runtime.GC()
		took := time.Since(start)
		watch.window.Store(int64(2*i + 2))
		for start = time.Now(); time.Since(start) < took; {
		}
		watch.window.Store(0)
		runtime.ReadMemStats(&stats)
		pauses[i] = float64(stats.PauseNs[(stats.NumGC+255)%256])
		collects[i] = float64(took)
	}
	watch.window.Store(-1)
	watch.done.Wait()

	var during, without []float64
	for i := 1; i < len(watch.longest); i += 2 {
		during = append(during, watch.longest[i])
		without = append(without, watch.longest[i+1])
	}
	reportPercentiles(b, "pause", pauses)
	reportPercentiles(b, "collect", collects)
	reportPercentiles(b, "gap_during", during)
	reportPercentiles(b, "gap_without", without)
}

func reportPercentiles(b *testing.B, name string, samples []float64) {
	sort.Float64s(samples)
	b.ReportMetric(samples[len(samples)*50/100], name+"_p50_ns")
	b.ReportMetric(samples[len(samples)*95/100], name+"_p95_ns")
}
