package main

import (
	"fmt"
	"time"
)

const (
	boundedCapacity = 8 // of the crowd's pool
	computedSteps   = 5000
)

// boundedPool is a pool whose users wait when all that may be open is in use.
type boundedPool interface {
	acquire() borrowed
	close()
}

type borrowed interface {
	touch(value int)
	release()
}

// boundedSystems open a pool with a capacity.
var boundedSystems = map[string]func(capacity int) boundedPool{}

// boundedCases are ../cases/bounded.hpp.
func boundedCases(open func(capacity int) boundedPool) servedCases {
	loop := func(threads int) (served, string) { return &boundedLoop{open(threads)}, "" }
	crowd := func(hold func(value int) int) func(int) (served, string) {
		return func(threads int) (served, string) {
			return &boundedCrowd{open(boundedCapacity), hold, make([]seenByOne, threads)}, ""
		}
	}
	return servedCases{
		"bounded_alone":           loop,
		"bounded_two":             loop,
		"bounded_crowd_nothing":   crowd(nil),
		"bounded_crowd_computing": crowd(compute),
		"bounded_crowd_sleeping": crowd(func(value int) int {
			time.Sleep(time.Millisecond)
			return value
		}),
	}
}

func compute(value int) int {
	x := uint64(value) | 1
	for i := 0; i < computedSteps; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return int(x)
}

type boundedLoop struct{ pool boundedPool }

func (l *boundedLoop) close() { l.pool.close() }

func (l *boundedLoop) figures(c *crew, repeats int) string {
	return seconds(c.run(func(int) {
		pool := l.pool
		for i := 0; i < repeats; i++ {
			object := pool.acquire()
			object.touch(i)
			object.release()
		}
	}))
}

type boundedCrowd struct {
	pool boundedPool
	hold func(value int) int // nil: for nothing
	seen []seenByOne
}

type seenByOne struct {
	waited, held histogram
	acquires     int
}

func (b *boundedCrowd) close() { b.pool.close() }

func (b *boundedCrowd) figures(c *crew, milliseconds int) string {
	end := nanotime() + int64(milliseconds)*int64(time.Millisecond)
	took := c.run(func(worker int) {
		b.seen[worker] = seenByOne{}
		b.takeTurns(&b.seen[worker], end)
	})
	var all seenByOne
	fewest, most := b.seen[0].acquires, b.seen[0].acquires
	for i := range b.seen {
		one := &b.seen[i]
		all.waited.addAll(&one.waited)
		all.held.addAll(&one.held)
		all.acquires += one.acquires
		if one.acquires < fewest {
			fewest = one.acquires
		}
		if one.acquires > most {
			most = one.acquires
		}
	}
	return fmt.Sprintf("%s acquires=%d fewest=%d most=%d wait_p50=%d wait_p99=%d wait_max=%d held_p50=%d",
		seconds(took), all.acquires, fewest, most, all.waited.percentile(0.5), all.waited.percentile(0.99),
		all.waited.max, all.held.percentile(0.5))
}

func (b *boundedCrowd) takeTurns(mine *seenByOne, end int64) {
	for start := nanotime(); start < end; start = nanotime() {
		object := b.pool.acquire()
		got := nanotime()
		done := got
		value := mine.acquires
		if b.hold != nil {
			value = b.hold(value)
			done = nanotime()
		}
		object.touch(value)
		object.release()
		mine.waited.add(uint64(got - start))
		mine.held.add(uint64(done - got))
		mine.acquires++
	}
}
