package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	ballastBytes = 8 << 20 // the collector runs about once for so much garbage
	garbageBytes = 32 << 10
	checkedOut   = 100
)

var ballast []byte

// benchPoolExpensiveNew has every goroutine hold 100 objects at a time that take 1 ms to make, and makes
// garbage with each, so that collections age what is idle. How many objects are made anew?
func benchPoolExpensiveNew(b *testing.B) {
	ballast = make([]byte, ballastBytes)
	defer func() { ballast = nil }()
	var made atomic.Int64
	pool := sync.Pool{New: func() any {
		made.Add(1)
		time.Sleep(time.Millisecond)
		return &boxed{1}
	}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.RunParallel(func(pb *testing.PB) {
		var held [checkedOut]any
		var garbage []byte
		for pb.Next() {
			for i := range held {
				held[i] = pool.Get()
				garbage = make([]byte, garbageBytes)
			}
			for i := range held {
				pool.Put(held[i])
				held[i] = nil
			}
		}
		runtime.KeepAlive(garbage)
	})
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(made.Load())/float64(b.N), "made_per_op")
	b.ReportMetric(float64(after.NumGC-before.NumGC)/float64(b.N), "cycles_per_op")
}
