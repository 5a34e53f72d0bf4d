package main

import (
	"runtime"
	"sync"
	"time"
)

const (
	churnObjects = 10
	churnWarmUp  = 100
)

// churn starts one thread after another, and each uses the pool once and ends.
func churn(count int) {
	pool := newPool()
	for i := 0; i < churnWarmUp; i++ {
		liveAndEnd(pool)
	}
	before := residentKiB()
	start := time.Now()
	for i := 0; i < count; i++ {
		liveAndEnd(pool)
	}
	took := time.Since(start)
	printJSON(map[string]any{
		"seconds":        took.Seconds(),
		"rss_before_kib": before,
		"rss_after_kib":  residentKiB(),
	})
}

func liveAndEnd(pool *sync.Pool) {
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		runtime.LockOSThread() // and never unlocked: so the thread ends with the goroutine
		var held [churnObjects]*payload
		for i := range held {
			held[i] = pool.Get().(*payload)
			touch(held[i], i)
		}
		for _, object := range held {
			pool.Put(object)
		}
	}()
	done.Wait()
}
