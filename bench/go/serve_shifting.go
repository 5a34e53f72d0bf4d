package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

const phaseObjects = 4096

// shifting is ../cases/shifting.hpp: a handover between two threads that change their roles after each
// phase, and their CPUs after every other one. A repeat is one object.
type shifting struct {
	pool  *sync.Pool
	made  atomic.Int64
	rings [2]ring // one for each direction, empty after each phase
	cpus  []int
}

func newShifting(threads int) (served, string) {
	if threads != 2 {
		return nil, "only for two threads"
	}
	s := &shifting{cpus: allowedCPUs()}
	for i := range s.rings {
		// Gosched would hand the processor of a goroutine that is locked to its thread to another thread and
		// back, which takes microseconds.
		s.rings[i].yield = schedYield
	}
	s.pool = &sync.Pool{New: func() any {
		s.made.Add(1)
		return new(payload)
	}}
	return s, ""
}

func (s *shifting) figures(c *crew, repeats int) string {
	made := s.made.Load()
	took := c.run(func(worker int) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer moveTo(s.cpus...) // whoever uses the thread next may run anywhere
		for done := 0; done < repeats; done += phaseObjects {
			phase := done / phaseObjects
			if phase%2 == 0 {
				moveTo(s.cpus[(worker+phase/2)%len(s.cpus)])
			}
			objects := repeats - done
			if objects > phaseObjects {
				objects = phaseObjects
			}
			if producer := phase % 2; producer == worker {
				produce(s.pool, &s.rings[producer], objects)
			} else {
				consume(s.pool, &s.rings[producer], objects)
			}
		}
	})
	return fmt.Sprintf("%s made=%d gets=%d", seconds(took), s.made.Load()-made, repeats)
}
