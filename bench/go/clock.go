package main

import _ "unsafe" // for go:linkname

// nanotime is the clock under time.Now, without the wall clock that comes with it: a fifth cheaper.
//
//go:linkname nanotime runtime.nanotime
func nanotime() int64
