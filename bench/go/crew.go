package main

import (
	"runtime"
	"sync"
	"time"
)

// crew is some goroutines that live from run to run. Between runs they wait in a channel and use no CPU.
type crew struct {
	work  []chan func(worker int) // one for each; closed at the end
	times []interval              // written by the workers, read by run when all are done
	done  sync.WaitGroup
}

type interval struct {
	begin, end time.Time
	_          [80]byte // two cache lines each: workers write theirs while others still run
}

func newCrew(size int) *crew {
	c := &crew{work: make([]chan func(int), size), times: make([]interval, size)}
	for i := range c.work {
		c.work[i] = make(chan func(int), 1)
		go c.serve(i)
	}
	return c
}

func (c *crew) serve(worker int) {
	for work := range c.work[worker] {
		c.times[worker].begin = time.Now()
		work(worker)
		c.times[worker].end = time.Now()
		c.done.Done()
	}
}

// run has every worker do its work at once. Returns the seconds from the first one's start to the last
// one's end.
func (c *crew) run(work func(worker int)) float64 {
	c.done.Add(len(c.work))
	for _, worker := range c.work {
		worker <- work
	}
	c.done.Wait()
	first, last := c.times[0].begin, c.times[0].end
	for _, one := range c.times {
		if one.begin.Before(first) {
			first = one.begin
		}
		if one.end.After(last) {
			last = one.end
		}
	}
	return last.Sub(first).Seconds()
}

func (c *crew) end() {
	for _, worker := range c.work {
		close(worker)
	}
}

// useProcessors lets that many goroutines run at once, as far as there are CPUs.
func useProcessors(threads int) {
	if threads > runtime.NumCPU() {
		threads = runtime.NumCPU()
	}
	runtime.GOMAXPROCS(threads)
}
