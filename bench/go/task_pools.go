package main

import (
	"runtime"
	"sync"
	"time"
)

const poolPasses = 10

// pools makes many pools and uses each a little. What a pool costs includes the object of 1 KiB in it.
func pools(count int) {
	before := residentKiB()
	start := time.Now()
	all := make([]*sync.Pool, count)
	for i := range all {
		all[i] = newPool()
		useOnce(all[i], i)
	}
	made := time.Since(start)
	after := residentKiB()

	start = time.Now()
	for pass := 0; pass < poolPasses; pass++ {
		for _, pool := range all {
			useOnce(pool, pass)
		}
	}
	used := time.Since(start)

	// The runtime's list of pools keeps what is in them until the second cycle.
	start = time.Now()
	all = nil
	runtime.GC()
	runtime.GC()
	dropped := time.Since(start)
	printJSON(map[string]any{
		"make_ns":            perPool(made, count),
		"pair_ns":            perPool(used, count*poolPasses),
		"rss_per_pool_bytes": float64(after-before) * 1024 / float64(count),
		"drop_ns":            perPool(dropped, count),
	})
}

func useOnce(pool *sync.Pool, value int) {
	object := pool.Get().(*payload)
	touch(object, value)
	pool.Put(object)
}

func perPool(took time.Duration, count int) float64 {
	return float64(took.Nanoseconds()) / float64(count)
}
