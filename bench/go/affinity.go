package main

import (
	"syscall"
	"unsafe"
)

const maxCPUs = 1024

type cpuSet [maxCPUs / 64]uint64

// allowedCPUs lists the CPUs that the calling thread may use.
func allowedCPUs() []int {
	var set cpuSet
	affinity(syscall.SYS_SCHED_GETAFFINITY, &set)
	var cpus []int
	for cpu := 0; cpu < maxCPUs; cpu++ {
		if set[cpu/64]>>(cpu%64)&1 != 0 {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// moveTo lets the calling thread run on these CPUs only.
func moveTo(cpus ...int) {
	var set cpuSet
	for _, cpu := range cpus {
		set[cpu/64] |= 1 << (cpu % 64)
	}
	affinity(syscall.SYS_SCHED_SETAFFINITY, &set)
}

func affinity(call uintptr, set *cpuSet) {
	_, _, err := syscall.RawSyscall(call, 0, unsafe.Sizeof(*set), uintptr(unsafe.Pointer(set)))
	if err != 0 {
		fail("CPU affinity: " + err.Error())
	}
}

func schedYield() { syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
