package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"
	"time"
	"unsafe"
)

const (
	lightLoadEvery   = 10 * time.Millisecond
	lightLoadObjects = 10
)

// memory has the workers take objects of so many bytes in all when a line arrives, put them when the next
// one does, and then shows only a light load until the input ends.
func memory(bytes, threads int) {
	useProcessors(threads)
	pool := newPool()
	workers := newCrew(threads)
	held := make([][]*payload, threads)
	input := bufio.NewScanner(os.Stdin)

	fmt.Println("start")
	input.Scan()
	share := bytes / int(unsafe.Sizeof(payload{})) / threads
	workers.run(func(worker int) {
		mine := make([]*payload, share)
		for i := range mine {
			mine[i] = pool.Get().(*payload)
			fill(mine[i], i)
		}
		held[worker] = mine
	})
	fmt.Println("full")
	input.Scan()
	workers.run(func(worker int) {
		for _, object := range held[worker] {
			pool.Put(object)
		}
		held[worker] = nil // only the pool knows the objects now
	})
	fmt.Println("empty")
	go workers.run(func(worker int) {
		if worker == 0 {
			loadLightly(pool)
		}
	})
	for input.Scan() {
	}
}

func loadLightly(pool *sync.Pool) {
	var held [lightLoadObjects]*payload
	for {
		for i := range held {
			held[i] = pool.Get().(*payload)
			touch(held[i], i)
		}
		for i, object := range held {
			pool.Put(object)
			held[i] = nil
		}
		time.Sleep(lightLoadEvery)
	}
}
