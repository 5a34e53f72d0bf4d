package main

import (
	"sync"
	"testing"
)

// boxed is put instead of a bare int so that both languages pool a pointer to a small object.
type boxed struct{ value int }

const (
	overflowing = 100
	starvedGets = 100
	starvedPuts = 67 // 33 % fewer
)

// benchPool puts one object and takes one.
func benchPool(b *testing.B) {
	var pool sync.Pool
	one := &boxed{1}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			pool.Put(one)
			pool.Get()
		}
	})
}

// benchPoolOverflow puts more objects than any private slot holds, then takes them.
func benchPoolOverflow(b *testing.B) {
	var pool sync.Pool
	one := &boxed{1}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			for i := 0; i < overflowing; i++ {
				pool.Put(one)
			}
			for i := 0; i < overflowing; i++ {
				pool.Get()
			}
		}
	})
}

// benchPoolStarvation takes more than it puts, so that a third of the gets searches everywhere in vain.
func benchPoolStarvation(b *testing.B) {
	var pool sync.Pool
	one := &boxed{1}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			for i := 0; i < starvedPuts; i++ {
				pool.Put(one)
			}
			for i := 0; i < starvedGets; i++ {
				pool.Get()
			}
		}
	})
}
