package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func optionsFor(test *testing.T, server string, more ...string) options {
	test.Helper()
	arguments := append([]string{"-url", server + "/predict", "-bodies", "unused"}, more...)
	parsed, err := parseOptions(arguments, io.Discard)
	if err != nil {
		test.Fatal(err)
	}
	return parsed
}

func measured(options options, bodies [][]byte) report {
	senders := openHTTPSenders(options, bodies)
	meter := newUsageMeter(options.pids)
	loop := closedLoop
	if options.rate > 0 {
		loop = openLoop
	}
	return buildReport(options, loop(options, senders, meter), meter)
}

func answering(test *testing.T, answer http.HandlerFunc) string {
	test.Helper()
	server := httptest.NewServer(answer)
	test.Cleanup(server.Close)
	return server.URL
}

func TestAddressesOffThisMachineAreRefused(test *testing.T) {
	for _, host := range []string{"192.0.2.1:80", "example.org:80", "10.0.0.1:80", "127.0.0.1", "0.0.0.0:80", "[::2]:80"} {
		if _, err := parseOptions([]string{"-url", "http://" + host + "/", "-bodies", "b"}, io.Discard); err == nil {
			test.Errorf("%s was accepted", host)
		}
	}
	for _, host := range []string{"127.0.0.1:80", "localhost:80", "[::1]:80"} {
		if _, err := parseOptions([]string{"-url", "http://" + host + "/", "-bodies", "b"}, io.Discard); err != nil {
			test.Errorf("%s: %v", host, err)
		}
	}
}

func TestRunsAreBounded(test *testing.T) {
	for _, words := range []string{"-duration 121s", "-duration 100s -warmup 21s", "-rate 1e9", "-rate NaN", "-connections 0"} {
		arguments := append([]string{"-url", "http://[::1]:80/", "-bodies", "b"}, strings.Fields(words)...)
		if _, err := parseOptions(arguments, io.Discard); err == nil {
			test.Errorf("%s was accepted", words)
		}
	}
}

func TestOpenLoopCountsWaitingFromTheSchedule(test *testing.T) {
	server := answering(test, func(http.ResponseWriter, *http.Request) { time.Sleep(50 * time.Millisecond) })
	found := measured(optionsFor(test, server, "-rate", "100", "-duration", "500ms", "-connections", "1"), [][]byte{{'x'}})
	if found.OK+found.Unserved != 50 || found.Failed != 0 {
		test.Fatalf("50 requests were due, found %+v", found)
	}
	// The server needs 2.5 s for them: the last one waited more than a second although its own answer took 50 ms.
	if found.Latency.Max < 1000 {
		test.Errorf("worst latency %.0f ms hides the queue", found.Latency.Max)
	}
}

func TestClosedLoopCountsStatusesSubstringsAndMismatches(test *testing.T) {
	var number int
	server := answering(test, func(writer http.ResponseWriter, _ *http.Request) {
		number++
		switch number % 3 {
		case 0:
			writer.WriteHeader(http.StatusServiceUnavailable)
		case 1:
			fmt.Fprint(writer, `{"served_by":"primary"}`)
		default:
			fmt.Fprint(writer, "nonsense")
		}
	})
	found := measured(optionsFor(test, server, "-duration", "300ms", "-connections", "1", "-require", "served_by",
		"-count-substring", `primary="served_by":"primary"`, "-timeline", "100ms"), [][]byte{{'x'}})
	if found.OK == 0 || found.Counts["primary"] != found.OK {
		test.Errorf("counted %v of %d", found.Counts, found.OK)
	}
	if found.Errors["status_503"] == 0 || found.Errors["mismatch"] == 0 {
		test.Errorf("errors %v", found.Errors)
	}
	ok := 0
	for _, bucket := range found.Timeline {
		ok += bucket.OK
	}
	if len(found.Timeline) != 3 || ok != found.OK {
		test.Errorf("timeline has %d buckets with %d of %d answers", len(found.Timeline), ok, found.OK)
	}
}

func TestServerThatHangsUpIsAReset(test *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		test.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			connection.Close()
		}
	}()
	address := (&url.URL{Scheme: "http", Host: listener.Addr().String()}).String()
	found := measured(optionsFor(test, address, "-rate", "50", "-duration", "200ms"), [][]byte{{'x'}})
	if found.Errors["reset"] != 10 {
		test.Errorf("errors %v", found.Errors)
	}
}

func TestChunkedAnswersAreJoined(test *testing.T) {
	wire := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
	reader := bufio.NewReader(strings.NewReader(wire))
	head, err := readHead(reader)
	if err != nil || head.status != 200 || !head.chunked || !head.keep {
		test.Fatalf("%+v, %v", head, err)
	}
	if body, err := readChunks(reader, nil); err != nil || string(body) != "abcde" {
		test.Errorf("%q, %v", body, err)
	}
}

func TestFramesAreSplitAndATornOneIsRefused(test *testing.T) {
	frames, err := splitFrames([]byte("\x00\x00\x00\x02ab\x00\x00\x00\x00\x00\x00\x00\x01c"))
	if err != nil || len(frames) != 3 || string(frames[0]) != "ab" || string(frames[2]) != "c" {
		test.Errorf("%q, %v", frames, err)
	}
	if _, err := splitFrames([]byte("\x00\x00\x00\x09ab")); err == nil {
		test.Error("a torn frame was accepted")
	}
}

func TestTheKeyIsSentAndKeptOffTheCommandLine(test *testing.T) {
	file := filepath.Join(test.TempDir(), "key")
	if err := os.WriteFile(file, []byte("churn_secret\n"), 0o600); err != nil {
		test.Fatal(err)
	}
	server := answering(test, func(answer http.ResponseWriter, request *http.Request) {
		if request.Header.Get("X-API-Key") != "churn_secret" {
			answer.WriteHeader(http.StatusUnauthorized)
		}
	})
	options := optionsFor(test, server, "-duration", "100ms", "-connections", "1", "-key-file", file)
	if found := measured(options, [][]byte{[]byte("{}")}); found.OK == 0 || found.Failed != 0 {
		test.Errorf("%d answered, %d failed: %v", found.OK, found.Failed, found.Errors)
	}
	if _, err := parseOptions([]string{"-url", server, "-bodies", "b", "-key-file", file + "-missing"}, io.Discard); err == nil {
		test.Error("a missing key file was accepted")
	}
}

func TestEveryRequestIsPartOfTheTraceThatWasAskedFor(test *testing.T) {
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	others := 0
	server := answering(test, func(writer http.ResponseWriter, request *http.Request) {
		if request.Header.Get("traceparent") != parent {
			others++
		}
		fmt.Fprint(writer, "fine")
	})
	found := measured(optionsFor(test, server, "-traceparent", parent, "-duration", "50ms", "-connections", "1"), [][]byte{[]byte("{}")})
	if found.OK == 0 || others != 0 {
		test.Errorf("%d answered, %d of them without the trace", found.OK, others)
	}
}
