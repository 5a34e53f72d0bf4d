package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// A served case is one pool, and what each worker does with it in a run.
type served interface {
	// figures runs the case and says what it showed, as name=value ...
	figures(c *crew, repeats int) string
}

// servedCases make the cases of one system for a number of threads, or say why not.
type servedCases map[string]func(threads int) (c served, whyNot string)

var syncPoolCases = servedCases{
	"pair":            newPair,
	"burst_10":        func(threads int) (served, string) { return newBurst(threads, 10), "" },
	"burst_100":       func(threads int) (served, string) { return newBurst(threads, 100), "" },
	"burst_1000":      func(threads int) (served, string) { return newBurst(threads, 1000), "" },
	"starvation":      newStarvation,
	"handover":        newHandover,
	"shifting":        newShifting,
	"latency_alone":   newLatency,
	"latency_crowded": newLatency,
	"latency_cycles":  newLatencyWithCycles,
	"latency_uncycled": func(int) (served, string) {
		return nil, "the runtime spreads a cycle over several threads, which no control of one imitates"
	},
}

// session is the state of the conversation that ../harness/foreign_peer.hpp describes.
type session struct {
	cases   servedCases
	workers *crew // nil: no case is open
	current served
}

// serve answers commands until its input ends.
func serve(cases servedCases) {
	fmt.Println("ready", runtime.Version())
	s := session{cases: cases}
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		fmt.Println(s.answer(strings.Fields(input.Text())))
	}
}

func (s *session) answer(command []string) string {
	switch {
	case len(command) == 3 && command[0] == "open" && s.workers == nil:
		if threads, err := strconv.Atoi(command[2]); err == nil && threads > 0 {
			return s.open(command[1], threads)
		}
	case len(command) == 2 && command[0] == "run" && s.workers != nil:
		if repeats, err := strconv.Atoi(command[1]); err == nil && repeats > 0 {
			return s.current.figures(s.workers, repeats)
		}
	case len(command) == 1 && command[0] == "close" && s.workers != nil:
		s.workers.end()
		if pool, ok := s.current.(interface{ close() }); ok {
			pool.close()
		}
		*s = session{cases: s.cases}
		return "ok"
	}
	return "error: not `open CASE THREADS`, and then `run REPEATS` or `close`: " + strings.Join(command, " ")
}

func (s *session) open(name string, threads int) string {
	make := s.cases[name]
	if make == nil {
		return "no case of this name here"
	}
	useProcessors(threads) // a case that needs more says so itself
	opened, whyNot := make(threads)
	if whyNot != "" {
		return "no " + whyNot
	}
	s.workers, s.current = newCrew(threads), opened
	return "ok"
}

func seconds(value float64) string { return "seconds=" + strconv.FormatFloat(value, 'g', -1, 64) }
