package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strconv"
)

// outcome is how one request ended, as a short name: "ok", or the kind of error that the report counts.
type outcome string

const (
	succeeded   outcome = "ok"
	noConnect   outcome = "connect"
	wasReset    outcome = "reset"
	timedOut    outcome = "timeout"
	badProtocol outcome = "protocol"
	mismatched  outcome = "mismatch"
	neverSent   outcome = "unserved"

	grpcUnavailable outcome = "grpc_Unavailable"
)

// sender carries one request at a time to the server. The answer is valid until the next call.
type sender interface {
	send(index int) (answer []byte, result outcome)
	close()
}

func statusOutcome(status int) outcome {
	if status == 200 {
		return succeeded
	}
	return outcome("status_" + strconv.Itoa(status))
}

// transportOutcome sorts an error of a connection that had been open.
func transportOutcome(err error) outcome {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return timedOut
	}
	if errors.Is(err, errMalformed) {
		return badProtocol
	}
	return wasReset
}

// judge demands the required substring of a successful answer and says which counted substrings it contains (bit i for
// the i-th).
func (chosen *options) judge(answer []byte, result outcome) (outcome, uint8) {
	if result != succeeded {
		return result, 0
	}
	if len(chosen.require) > 0 && !bytes.Contains(answer, chosen.require) {
		return mismatched, 0
	}
	var contained uint8
	for position, wanted := range chosen.counted {
		if bytes.Contains(answer, wanted.substring) {
			contained |= 1 << position
		}
	}
	return succeeded, contained
}
