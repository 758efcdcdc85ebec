package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// The bounds of a run: whatever is asked for, it is over after these.
const (
	longestRun         = 120 * time.Second
	longestTimeout     = 30 * time.Second
	highestRate        = 100_000
	mostConnections    = 1024
	mostCountedStrings = 8
)

type namedSubstring struct {
	name      string
	substring []byte
}

// options is one validated command line.
type options struct {
	target      *url.URL
	grpc        bool
	bodies      string
	rate        float64 // requests a second; 0 = closed loop
	connections int     // requests in flight at most
	channels    int     // gRPC only: HTTP/2 connections shared by them
	warmup      time.Duration
	duration    time.Duration
	timeout     time.Duration
	timeline    time.Duration // 0 = none
	require     []byte        // a successful answer contains this
	counted     []namedSubstring
	key         string // API key, sent with every request
	traceparent string // HTTP only: the trace that every request says it is part of
	pids        []int
}

// parseOptions reads the command line; an error is one line that names the flag.
func parseOptions(arguments []string, usage io.Writer) (options, error) {
	var chosen options
	var target, require string
	flags := flag.NewFlagSet("churnload", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&target, "url", "", "http://HOST:PORT/PATH, HOST on loopback (with -grpc only HOST:PORT is used)")
	flags.BoolVar(&chosen.grpc, "grpc", false, "call inference.GRPCInferenceService/ModelInfer instead of posting JSON")
	flags.StringVar(&chosen.bodies, "bodies", "", "requests, sent in turn: JSON lines, or with -grpc frames of 4 bytes big-endian length + message")
	flags.Float64Var(&chosen.rate, "rate", 0, "open loop at this many requests a second; 0 = closed loop")
	flags.IntVar(&chosen.connections, "connections", 32, "connections; each carries one request at a time")
	flags.IntVar(&chosen.channels, "channels", 0, "with -grpc: HTTP/2 connections that carry them (0 = one each)")
	flags.DurationVar(&chosen.warmup, "warmup", 0, "same load before the measured part, not reported")
	flags.DurationVar(&chosen.duration, "duration", 10*time.Second, "measured part; with -warmup 120s at most")
	flags.DurationVar(&chosen.timeout, "timeout", 10*time.Second, "longest wait for one answer, from the moment it is sent")
	flags.DurationVar(&chosen.timeline, "timeline", 0, "also report buckets of this length, by scheduled time")
	flags.StringVar(&require, "require", "", "count an answer without this substring as a mismatch")
	flags.Func("count-substring", "NAME=SUBSTRING: count successful answers that contain it (repeatable)", chosen.addCounted)
	flags.Func("key-file", "send the API key in this file as X-API-Key, or with -grpc as metadata", chosen.readKey)
	flags.StringVar(&chosen.traceparent, "traceparent", "", "send this W3C trace context with every request over HTTP")
	flags.Func("pid", "report CPU and memory of this process and its descendants (repeatable)", chosen.addPID)
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	chosen.require = []byte(require)
	if err := chosen.setTarget(target); err != nil {
		return options{}, err
	}
	return chosen, chosen.check()
}

func (chosen *options) addCounted(value string) error {
	name, substring, found := strings.Cut(value, "=")
	if !found || name == "" || substring == "" {
		return errors.New("expected NAME=SUBSTRING")
	}
	if len(chosen.counted) == mostCountedStrings {
		return fmt.Errorf("at most %d may be counted", mostCountedStrings)
	}
	chosen.counted = append(chosen.counted, namedSubstring{name, []byte(substring)})
	return nil
}

// readKey takes a key from a file, because everybody on a machine can read a command line.
func (chosen *options) readKey(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	chosen.key = strings.TrimSpace(string(content))
	if chosen.key == "" || strings.ContainsAny(chosen.key, "\r\n") {
		return errors.New("expected one line")
	}
	return nil
}

func (chosen *options) addPID(value string) error {
	pid, err := strconv.Atoi(value)
	if err != nil || pid < 1 {
		return errors.New("expected a process id")
	}
	chosen.pids = append(chosen.pids, pid)
	return nil
}

// setTarget accepts loopback alone: load on anybody else's machine is never meant.
func (chosen *options) setTarget(value string) error {
	target, err := url.Parse(value)
	if err != nil || target.Scheme != "http" || target.Port() == "" {
		return fmt.Errorf("-url %q: expected http://HOST:PORT/PATH", value)
	}
	switch target.Hostname() {
	case "127.0.0.1", "localhost", "::1":
	default:
		return fmt.Errorf("-url %q: only 127.0.0.1, localhost and [::1] are accepted", value)
	}
	chosen.target = target
	return nil
}

func (chosen *options) check() error {
	switch {
	case strings.ContainsAny(chosen.traceparent, "\r\n"):
		return errors.New("-traceparent: expected one line")
	case chosen.bodies == "":
		return errors.New("-bodies: expected a file")
	case !(chosen.rate >= 0 && chosen.rate <= highestRate):
		return fmt.Errorf("-rate: expected 0 to %d", highestRate)
	case chosen.connections < 1 || chosen.connections > mostConnections:
		return fmt.Errorf("-connections: expected 1 to %d", mostConnections)
	case chosen.channels < 0 || chosen.channels > chosen.connections:
		return errors.New("-channels: expected 0 to the number of connections")
	case chosen.warmup < 0 || chosen.duration <= 0 || chosen.warmup+chosen.duration > longestRun:
		return fmt.Errorf("-duration: expected more than 0, with -warmup at most %s", longestRun)
	case chosen.timeout <= 0 || chosen.timeout > longestTimeout:
		return fmt.Errorf("-timeout: expected more than 0, at most %s", longestTimeout)
	case chosen.timeline != 0 && (chosen.timeline < 10*time.Millisecond || chosen.timeline > chosen.duration):
		return errors.New("-timeline: expected 10ms to the duration")
	}
	if chosen.channels == 0 {
		chosen.channels = chosen.connections
	}
	return nil
}
