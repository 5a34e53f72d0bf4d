//go:build bytebufferpool

package main

import (
	"testing"

	"github.com/valyala/bytebufferpool"
)

func init() {
	cases["ByteBuffer16"] = func(b *testing.B) { benchByteBuffer(b, 16) }
	cases["ByteBuffer1K"] = func(b *testing.B) { benchByteBuffer(b, 1024) }
}

// benchByteBuffer takes a buffer, writes once into it, and puts it back.
func benchByteBuffer(b *testing.B, bytes int) {
	var pool bytebufferpool.Pool
	message := make([]byte, bytes)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			buffer := pool.Get()
			buffer.Write(message)
			pool.Put(buffer)
		}
	})
}
