//go:build puddle

package main

import (
	"context"

	"github.com/jackc/puddle"
)

// puddle, version 1: a mutex and a condition. Who waits is woken in turn, but who comes just then is first.
func init() {
	boundedSystems["puddle"] = func(capacity int) boundedPool {
		open := func(context.Context) (any, error) { return new(payload), nil }
		return puddlePool{puddle.NewPool(open, func(any) {}, int32(capacity))}
	}
}

type puddlePool struct{ pool *puddle.Pool }

// acquire waits with a context that has no end: for others puddle starts a goroutine each time it waits.
func (p puddlePool) acquire() borrowed {
	resource, err := p.pool.Acquire(context.Background())
	if err != nil {
		fail(err)
	}
	return puddleResource{resource}
}

func (p puddlePool) close() { p.pool.Close() }

type puddleResource struct{ resource *puddle.Resource }

func (r puddleResource) touch(value int) { touch(r.resource.Value().(*payload), value) }
func (r puddleResource) release()        { r.resource.Release() }
