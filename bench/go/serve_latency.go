package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
)

const cycleEvery = 10 * time.Millisecond

// latency is ../cases/latency.hpp: the time of every single get and put. Each includes one reading of the
// clock.
type latency struct {
	pool      *sync.Pool
	seen      []latencies // by worker
	collected bool
}

type latencies struct{ clock, get, put histogram }

func newLatency(threads int) (served, string) {
	return &latency{pool: newPool(), seen: make([]latencies, threads)}, ""
}

// newLatencyWithCycles has a further goroutine collect garbage, which is what ages the objects in a pool.
func newLatencyWithCycles(threads int) (served, string) {
	useProcessors(threads + 1)
	made, _ := newLatency(threads)
	made.(*latency).collected = true
	return made, ""
}

func (l *latency) figures(c *crew, milliseconds int) string {
	if l.collected {
		stop := collectRegularly()
		defer stop()
	}
	length := int64(milliseconds) * int64(time.Millisecond)
	c.run(func(worker int) {
		l.seen[worker] = latencies{}
		l.measure(&l.seen[worker], nanotime()+length)
	})
	var all latencies
	for i := range l.seen {
		all.clock.addAll(&l.seen[i].clock)
		all.get.addAll(&l.seen[i].get)
		all.put.addAll(&l.seen[i].put)
	}
	return fmt.Sprintf("%s %s clock_p50=%d", percentiles("get", &all.get), percentiles("put", &all.put),
		all.clock.percentile(0.5))
}

func (l *latency) measure(seen *latencies, end int64) {
	pool := l.pool
	for i, done := 0, int64(0); done < end; i++ {
		before := nanotime()
		start := nanotime()
		object := pool.Get().(*payload)
		got := nanotime()
		touch(object, i)
		used := nanotime()
		pool.Put(object)
		done = nanotime()
		seen.clock.add(uint64(start - before))
		seen.get.add(uint64(got - start))
		seen.put.add(uint64(done - used))
	}
}

func collectRegularly() (stop func()) {
	ticker := time.NewTicker(cycleEvery)
	stopped := make(chan struct{})
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		for {
			select {
			case <-ticker.C:
				runtime.GC()
			case <-stopped:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(stopped)
		done.Wait()
	}
}

func percentiles(name string, of *histogram) string {
	var line strings.Builder
	for _, percent := range []float64{50, 99, 99.9, 99.99} {
		fmt.Fprintf(&line, "%s_p%g=%d ", name, percent, of.percentile(percent/100))
	}
	fmt.Fprintf(&line, "%s_max=%d", name, of.max)
	return line.String()
}
