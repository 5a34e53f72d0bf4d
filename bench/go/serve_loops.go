package main

import "sync"

const (
	starvedGets = 100
	starvedPuts = 67 // 33 % fewer
)

// newPool makes a pool that makes what it lacks.
func newPool() *sync.Pool { return &sync.Pool{New: func() any { return new(payload) }} }

// pair is ../cases/pair.hpp.
type pair struct{ pool *sync.Pool }

func newPair(int) (served, string) { return &pair{newPool()}, "" }

func (p *pair) figures(c *crew, repeats int) string {
	return seconds(c.run(func(int) {
		pool := p.pool
		for i := 0; i < repeats; i++ {
			object := pool.Get().(*payload)
			touch(object, i)
			pool.Put(object)
		}
	}))
}

// burst is ../cases/burst.hpp.
type burst struct {
	pool *sync.Pool
	held [][]*payload // by worker
}

func newBurst(threads, size int) served {
	held := make([][]*payload, threads)
	for i := range held {
		held[i] = make([]*payload, size)
	}
	return &burst{newPool(), held}
}

func (b *burst) figures(c *crew, repeats int) string {
	return seconds(c.run(func(worker int) {
		pool, held := b.pool, b.held[worker]
		for i := 0; i < repeats; i++ {
			for k := range held {
				held[k] = pool.Get().(*payload)
				touch(held[k], i)
			}
			for _, object := range held {
				pool.Put(object)
			}
		}
	}))
}

// starvation is ../cases/starvation.hpp: the pool makes nothing, so that its gets can come back without an
// object.
type starvation struct {
	pool sync.Pool
	held []heldByOne
}

type heldByOne struct {
	objects []*payload
	_       [104]byte // two cache lines each
}

func newStarvation(threads int) (served, string) {
	s := &starvation{held: make([]heldByOne, threads)}
	for i := range s.held {
		s.held[i].objects = make([]*payload, 0, 1024)
	}
	return s, ""
}

func (s *starvation) figures(c *crew, repeats int) string {
	return seconds(c.run(func(worker int) {
		held := s.held[worker].objects
		for i := 0; i < repeats; i++ {
			held = s.once(held, i)
		}
		s.held[worker].objects = held
	}))
}

func (s *starvation) once(held []*payload, i int) []*payload {
	// What this worker lacks, at first all of them, it has to make.
	for len(held) < starvedPuts {
		object, found := s.pool.Get().(*payload)
		if !found {
			object = new(payload)
		}
		held = append(held, object)
	}
	for k := 0; k < starvedPuts; k++ {
		last := len(held) - 1
		s.pool.Put(held[last])
		held = held[:last]
	}
	for k := 0; k < starvedGets; k++ {
		if object, found := s.pool.Get().(*payload); found {
			touch(object, i)
			held = append(held, object)
		}
	}
	return held
}
