package main

// payload is the object that every system of the suite hands out: 1 KiB.
type payload struct{ words [128]uint64 }

// touch is the work of every use: one store into memory that the pool goes on to share, so the compiler
// cannot leave it out.
func touch(object *payload, value int) { object.words[0] = uint64(value) }

// fill makes all pages of the object resident.
func fill(object *payload, value int) {
	for i := range object.words {
		object.words[i] = uint64(value)
	}
}
