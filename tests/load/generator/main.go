// Command churnload offers a bounded load to one server on this machine and prints what came back as one JSON object.
//
// It exists because a latency is only worth quoting when it counts from the moment a request was due, not from the moment
// the client found time to send it. It knows nothing of churn models: requests come from a file, answers are counted by
// status and by substrings. It refuses every address but loopback, and every run ends by itself.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// Under taskset the runtime would keep a single processor; the pacer sleeps in the kernel and would then hold back the
// goroutines it has just woken. Collections are rare because the whole run allocates little.
const (
	minimumProcessors = 4
	collectorPercent  = 400
)

func main() {
	options, err := parseOptions(os.Args[1:], os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "churnload:", err)
		os.Exit(2)
	}
	if runtime.GOMAXPROCS(0) < minimumProcessors {
		runtime.GOMAXPROCS(minimumProcessors)
	}
	debug.SetGCPercent(collectorPercent)
	report, err := run(options)
	if err != nil {
		fmt.Fprintln(os.Stderr, "churnload:", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		fmt.Fprintln(os.Stderr, "churnload:", err)
		os.Exit(1)
	}
}

// run opens the senders, offers the load and gathers the report.
func run(options options) (report, error) {
	bodies, err := readBodies(options.bodies, options.grpc)
	if err != nil {
		return report{}, err
	}
	senders, err := openSenders(options, bodies)
	if err != nil {
		return report{}, err
	}
	defer func() {
		for _, sender := range senders {
			sender.close()
		}
	}()
	meter := newUsageMeter(options.pids)
	loop := closedLoop
	if options.rate > 0 {
		loop = openLoop
	}
	return buildReport(options, loop(options, senders, meter), meter), nil
}

// openSenders makes one sender a connection. HTTP connections are dialled on first use, so that a server that is down is
// an outcome of the run and not a failure of the generator.
func openSenders(options options, bodies [][]byte) ([]sender, error) {
	if options.grpc {
		return openGRPCSenders(options, bodies)
	}
	return openHTTPSenders(options, bodies), nil
}
