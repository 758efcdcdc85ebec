package main

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const inferMethod = "/inference.GRPCInferenceService/ModelInfer"

// passthroughCodec moves messages that are already serialized, so that the client spends nothing on protobuf.
type passthroughCodec struct{}

var errNotBytes = errors.New("passthrough codec: not bytes")

func (passthroughCodec) Marshal(message any) ([]byte, error) {
	if content, ok := message.([]byte); ok {
		return content, nil
	}
	return nil, errNotBytes
}

func (passthroughCodec) Unmarshal(content []byte, message any) error {
	into, ok := message.(*[]byte)
	if !ok {
		return errNotBytes
	}
	*into = append((*into)[:0], content...)
	return nil
}

// Name is what goes on the wire as the content subtype.
func (passthroughCodec) Name() string { return "proto" }

// grpcSender makes unary calls, one at a time, over a channel that others may share.
type grpcSender struct {
	channel *grpc.ClientConn
	bodies  [][]byte
	key     string
	timeout time.Duration
	answer  []byte
}

func openGRPCSenders(options options, bodies [][]byte) ([]sender, error) {
	channels := make([]*grpc.ClientConn, options.channels)
	for position := range channels {
		channel, err := grpc.NewClient("passthrough:///"+options.target.Host,
			grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy(),
			grpc.WithDefaultCallOptions(grpc.ForceCodec(passthroughCodec{})))
		if err != nil {
			return nil, err
		}
		channels[position] = channel
	}
	senders := make([]sender, options.connections)
	for position := range senders {
		senders[position] = &grpcSender{
			channel: channels[position%len(channels)], bodies: bodies, key: options.key, timeout: options.timeout,
		}
	}
	return senders, nil
}

func (sender *grpcSender) send(index int) ([]byte, outcome) {
	deadline, cancel := context.WithTimeout(context.Background(), sender.timeout)
	defer cancel()
	if sender.key != "" {
		deadline = metadata.AppendToOutgoingContext(deadline, "x-api-key", sender.key)
	}
	err := sender.channel.Invoke(deadline, inferMethod, sender.bodies[index%len(sender.bodies)], &sender.answer)
	return sender.answer, grpcOutcome(err)
}

// close may come once for every sender of a shared channel; all but the first do nothing.
func (sender *grpcSender) close() { sender.channel.Close() }

// grpcOutcome names the status; a server that cannot be reached and one that hangs up both answer Unavailable.
func grpcOutcome(err error) outcome {
	switch code := status.Code(err); code {
	case codes.OK:
		return succeeded
	case codes.DeadlineExceeded:
		return timedOut
	default:
		return outcome("grpc_" + code.String())
	}
}
