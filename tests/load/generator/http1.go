package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

const (
	dialTimeout = 2 * time.Second
	// Servers close idle connections after a few seconds (uvicorn: 5); one that rested longer than this is replaced
	// before use, so that a failed request is the server's failure and never a race for an idle connection. Nothing is
	// ever sent twice.
	longestIdle  = time.Second
	largestReply = 16 << 20
)

var errMalformed = errors.New("malformed HTTP answer")

// httpSender posts prebuilt requests over one keep-alive connection.
type httpSender struct {
	address    string
	requests   [][]byte
	timeout    time.Duration
	connection net.Conn
	reader     *bufio.Reader
	lastUse    time.Time
	body       []byte
}

func openHTTPSenders(options options, bodies [][]byte) []sender {
	requests := buildRequests(options, bodies)
	senders := make([]sender, options.connections)
	for position := range senders {
		senders[position] = &httpSender{address: options.target.Host, requests: requests, timeout: options.timeout}
	}
	return senders
}

func buildRequests(options options, bodies [][]byte) [][]byte {
	requests := make([][]byte, len(bodies))
	extra := ""
	if options.key != "" {
		extra = "X-API-Key: " + options.key + "\r\n"
	}
	if options.traceparent != "" {
		extra += "Traceparent: " + options.traceparent + "\r\n"
	}
	for position, body := range bodies {
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
			options.target.RequestURI(), options.target.Host, extra, len(body))
		requests[position] = append([]byte(head), body...)
	}
	return requests
}

func (sender *httpSender) send(index int) ([]byte, outcome) {
	if sender.connection != nil && time.Since(sender.lastUse) > longestIdle {
		sender.close()
	}
	if sender.connection == nil {
		if err := sender.dial(); err != nil {
			return nil, noConnect
		}
	}
	status, keep, err := sender.exchange(sender.requests[index%len(sender.requests)])
	sender.lastUse = time.Now()
	if err != nil {
		sender.close()
		return nil, transportOutcome(err)
	}
	if !keep {
		sender.close()
	}
	return sender.body, statusOutcome(status)
}

func (sender *httpSender) dial() error {
	connection, err := net.DialTimeout("tcp", sender.address, dialTimeout)
	if err != nil {
		return err
	}
	sender.connection = connection
	sender.reader = bufio.NewReaderSize(connection, 16<<10)
	return nil
}

func (sender *httpSender) close() {
	if sender.connection != nil {
		sender.connection.Close()
		sender.connection = nil
	}
}

// exchange sends one request and reads its whole answer into sender.body.
func (sender *httpSender) exchange(request []byte) (status int, keep bool, err error) {
	if err = sender.connection.SetDeadline(time.Now().Add(sender.timeout)); err != nil {
		return 0, false, err
	}
	if _, err = sender.connection.Write(request); err != nil {
		return 0, false, err
	}
	head, err := readHead(sender.reader)
	if err != nil {
		return 0, false, err
	}
	if head.chunked {
		sender.body, err = readChunks(sender.reader, sender.body[:0])
	} else {
		sender.body, err = readExactly(sender.reader, sender.body[:0], head.length)
	}
	return head.status, head.keep, err
}

type responseHead struct {
	status  int
	length  int
	chunked bool
	keep    bool
}

// readHead parses a status line and the three headers that say where the answer ends. An answer without any of them is
// refused: on a keep-alive connection its end could not be known.
func readHead(reader *bufio.Reader) (responseHead, error) {
	line, err := reader.ReadSlice('\n')
	if err != nil {
		return responseHead{}, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return responseHead{}, errMalformed
	}
	head := responseHead{length: -1, keep: line[7] == '1'}
	if head.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return responseHead{}, errMalformed
	}
	for {
		if line, err = reader.ReadSlice('\n'); err != nil {
			return responseHead{}, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if err := head.apply(line); err != nil {
			return responseHead{}, err
		}
	}
	if head.length < 0 && !head.chunked {
		return responseHead{}, errMalformed
	}
	return head, nil
}

func (head *responseHead) apply(line []byte) error {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("content-length")):
		length, err := strconv.Atoi(string(value))
		if err != nil || length < 0 || length > largestReply {
			return errMalformed
		}
		head.length = length
	case bytes.EqualFold(name, []byte("transfer-encoding")):
		head.chunked = bytes.EqualFold(value, []byte("chunked"))
	case bytes.EqualFold(name, []byte("connection")):
		head.keep = !bytes.EqualFold(value, []byte("close"))
	}
	return nil
}

// readExactly appends length bytes to the buffer it is given, growing it only when a longer answer than before arrives.
func readExactly(reader *bufio.Reader, into []byte, length int) ([]byte, error) {
	start := len(into)
	if cap(into) < start+length {
		into = append(make([]byte, 0, start+length), into...)
	}
	into = into[:start+length]
	_, err := io.ReadFull(reader, into[start:])
	return into, err
}

func readChunks(reader *bufio.Reader, into []byte) ([]byte, error) {
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return into, err
		}
		digits, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(";"))
		length, err := strconv.ParseUint(string(digits), 16, 32)
		if err != nil || len(into)+int(length) > largestReply {
			return into, errMalformed
		}
		if into, err = readExactly(reader, into, int(length)); err != nil {
			return into, err
		}
		if _, err = reader.Discard(2); err != nil || length == 0 {
			return into, err
		}
	}
}
