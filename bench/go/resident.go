package main

import (
	"fmt"
	"os"
	"strings"
)

// residentKiB is how much memory of this process is in RAM, counted page by page: ../alone/resident.hpp.
func residentKiB() (kib int) {
	rollup, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		fail(err)
	}
	_, rest, _ := strings.Cut(string(rollup), "\nRss:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		fail("smaps_rollup: " + err.Error())
	}
	return kib
}
