package main

import "math/bits"

const histogramSteps = 32

// histogram is ../harness/histogram.hpp: counts of durations, exact below 64, within 3 % above; and the
// longest one.
type histogram struct {
	counts [histogramSteps * 60]uint64
	max    uint64
}

func (h *histogram) add(value uint64) {
	h.counts[bucketOf(value)]++
	if value > h.max {
		h.max = value
	}
}

func (h *histogram) addAll(other *histogram) {
	for i, count := range other.counts {
		h.counts[i] += count
	}
	if other.max > h.max {
		h.max = other.max
	}
}

// percentile is the smallest value that a share q (0 .. 1) of what was added does not exceed.
func (h *histogram) percentile(q float64) uint64 {
	var total, seen uint64
	for _, count := range h.counts {
		total += count
	}
	wanted := uint64(q * float64(total))
	for bucket, count := range h.counts {
		if seen += count; seen > wanted {
			return valueOf(bucket)
		}
	}
	return 0
}

func bucketOf(value uint64) int {
	if value < histogramSteps {
		return int(value)
	}
	shift := bits.Len64(value) - 6
	return histogramSteps*shift + int(value>>shift)
}

func valueOf(bucket int) uint64 {
	if bucket < 2*histogramSteps {
		return uint64(bucket)
	}
	shift := bucket/histogramSteps - 1
	return uint64(bucket-histogramSteps*shift) << shift
}
