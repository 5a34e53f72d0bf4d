package main

import (
	"runtime"
	"sync"
)

// handover is ../cases/handover.hpp: every other worker gets objects, the one after it puts them.
type handover struct {
	pool  *sync.Pool
	rings []*ring // empty between runs
}

func newHandover(threads int) (served, string) {
	if threads%2 != 0 {
		return nil, "only for an even number of threads"
	}
	h := &handover{pool: newPool()}
	for i := 0; i < threads/2; i++ {
		h.rings = append(h.rings, &ring{yield: runtime.Gosched})
	}
	return h, ""
}

func (h *handover) figures(c *crew, repeats int) string {
	return seconds(c.run(func(worker int) {
		if worker%2 == 0 {
			produce(h.pool, h.rings[worker/2], repeats)
		} else {
			consume(h.pool, h.rings[worker/2], repeats)
		}
	}))
}

func produce(pool *sync.Pool, out *ring, count int) {
	for i := 0; i < count; i++ {
		object := pool.Get().(*payload)
		touch(object, i)
		out.push(object)
	}
	out.publishTail()
}

func consume(pool *sync.Pool, in *ring, count int) {
	for i := 0; i < count; i++ {
		object := in.pop()
		touch(object, i)
		pool.Put(object)
	}
	in.publishHead()
}
