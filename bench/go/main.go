// Command ebb_go_peers runs Go's pools beside ebbpool, in one of two ways.
//
//	ebb_go_peers CASE THREADS BENCHTIME
//
// runs a case of sync.Pool's own benchmarks and prints one line of JSON: what ebb_go_cases prints for
// ebbpool. BENCHTIME is a duration (0.2s) or a number of operations (1000x).
//
//	ebb_go_peers serve sync_pool
//	ebb_go_peers memory sync_pool BYTES THREADS
//	ebb_go_peers churn sync_pool COUNT
//	ebb_go_peers pools sync_pool COUNT
//	ebb_go_peers serve database_sql
//	ebb_go_peers serve puddle
//
// takes part in the cases of every peer: serve.go, bounded.go and task_*.go.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
)

const usage = "usage: ebb_go_peers serve sync_pool | serve database_sql | serve puddle | memory sync_pool" +
	" BYTES THREADS | churn sync_pool COUNT | pools sync_pool COUNT | CASE THREADS BENCHTIME with a CASE of "

func main() {
	if len(os.Args) > 2 && os.Args[2] == "sync_pool" {
		runPeer(os.Args[1], numbers(os.Args[3:]))
	} else if len(os.Args) == 3 && os.Args[1] == "serve" && boundedSystems[os.Args[2]] != nil {
		serve(boundedCases(boundedSystems[os.Args[2]]))
	} else if len(os.Args) == 4 && cases[os.Args[1]] != nil {
		runCase(os.Args[1], numbers(os.Args[2:3])[0], os.Args[3])
	} else {
		fail(usage + caseNames())
	}
}

func runPeer(task string, arguments []int) {
	switch {
	case task == "serve" && len(arguments) == 0:
		serve(syncPoolCases)
	case task == "memory" && len(arguments) == 2:
		memory(arguments[0], arguments[1])
	case task == "churn" && len(arguments) == 1:
		churn(arguments[0])
	case task == "pools" && len(arguments) == 1:
		pools(arguments[0])
	default:
		fail(usage + caseNames())
	}
}

func numbers(words []string) []int {
	result := make([]int, len(words))
	for i, word := range words {
		number, err := strconv.Atoi(word)
		if err != nil || number <= 0 {
			fail(strconv.Quote(word) + " is not a positive number")
		}
		result[i] = number
	}
	return result
}

func printJSON(members map[string]any) {
	line, err := json.Marshal(members)
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(2)
}
