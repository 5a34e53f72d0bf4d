package main

import "sync/atomic"

const (
	ringSize  = 1024
	ringBatch = 64
)

// ring is ../harness/spsc_queue.hpp: for one producer and one consumer, who tell each other only every so
// often how far they are.
type ring struct {
	yield         func() // the two may share a CPU
	_             [120]byte
	tailPublished atomic.Uint64
	_             [120]byte
	headPublished atomic.Uint64
	_             [120]byte
	tail          uint64 // this and the next: the producer's own
	headSeen      uint64
	_             [112]byte
	head          uint64 // this and the next: the consumer's own
	tailSeen      uint64
	_             [112]byte
	items         [ringSize]*payload
}

func (r *ring) push(object *payload) {
	for r.tail-r.headSeen == ringSize {
		r.publishTail()
		r.headSeen = r.waitForChange(&r.headPublished, r.headSeen)
	}
	r.items[r.tail%ringSize] = object
	r.tail++
	if r.tail%ringBatch == 0 {
		r.publishTail()
	}
}

func (r *ring) pop() *payload {
	for r.head == r.tailSeen {
		r.tailSeen = r.waitForChange(&r.tailPublished, r.tailSeen)
	}
	object := r.items[r.head%ringSize]
	r.head++
	if r.head%ringBatch == 0 {
		r.publishHead()
	}
	return object
}

func (r *ring) publishTail() { r.tailPublished.Store(r.tail) }
func (r *ring) publishHead() { r.headPublished.Store(r.head) }

func (r *ring) waitForChange(position *atomic.Uint64, seen uint64) uint64 {
	for polls := 0; ; polls++ {
		if now := position.Load(); now != seen {
			return now
		}
		if polls >= 100 {
			r.yield()
		}
	}
}
