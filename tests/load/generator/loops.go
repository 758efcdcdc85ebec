package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// grace is how long requests that are due but not yet sent are still sent after an open loop's schedule has ended.
const grace = 2 * time.Second

// sample is one request. Times count from the start of the measured part and are negative in the warm-up.
type sample struct {
	at        time.Duration // open loop: when it was due; closed loop: when it ended
	latency   time.Duration // from due (closed loop: sent) to the end; for a request never sent, its age when given up
	result    outcome
	contained uint8
}

// outcomes is what a loop hands to the report.
type outcomes struct {
	started time.Time
	elapsed time.Duration // open loop: to the last answer; closed loop: the duration
	samples []sample
	lag     []time.Duration // open loop: how late the pacer released each measured request
}

type scheduled struct {
	index int
	due   time.Duration
}

// openLoop releases requests on a fixed schedule, whatever the server does; one that finds every connection busy waits,
// and its waiting counts.
func openLoop(options options, senders []sender, meter *usageMeter) outcomes {
	total := int(options.rate * (options.warmup + options.duration).Seconds())
	queue := make(chan scheduled, total)
	started := time.Now().Add(options.warmup)
	giveUp := options.duration + grace
	collected := startWorkers(senders, func(sender sender, keep func(sample)) {
		for next := range queue {
			if age := time.Since(started) - next.due; next.due+age > giveUp {
				keep(sample{at: next.due, latency: age, result: neverSent})
				continue
			}
			answer, result := sender.send(next.index)
			latency := time.Since(started) - next.due
			result, contained := options.judge(answer, result)
			keep(sample{next.due, latency, result, contained})
		}
	})
	lag := pace(options, started, queue, meter.start)
	close(queue)
	samples := collected()
	meter.stop()
	return outcomes{started, time.Since(started), samples, lag}
}

// pace fills the queue on schedule and returns the lateness of every measured release.
func pace(options options, started time.Time, queue chan<- scheduled, measuring func()) []time.Duration {
	sleeper := newSleeper()
	defer sleeper.release()
	interval := float64(time.Second) / options.rate
	lag := make([]time.Duration, 0, cap(queue))
	measured := false
	for index := range cap(queue) {
		due := time.Duration(float64(index)*interval) - options.warmup
		sleeper.until(started.Add(due))
		if due >= 0 {
			lag = append(lag, time.Since(started)-due)
		}
		queue <- scheduled{index, due}
		// After the send: taking the meter's first reading must not delay the first measured request.
		if due >= 0 && !measured {
			measured = true
			measuring()
		}
	}
	return lag
}

// closedLoop keeps every connection busy: the next request leaves when the answer has come. What ends within the measured
// part counts, wherever it began; failures that end later count, too.
func closedLoop(options options, senders []sender, meter *usageMeter) outcomes {
	started := time.Now().Add(options.warmup)
	var next atomic.Int64
	collected := startWorkers(senders, func(sender sender, keep func(sample)) {
		for time.Since(started) < options.duration {
			sent := time.Now()
			answer, result := sender.send(int(next.Add(1)) - 1)
			ended := time.Now()
			result, contained := options.judge(answer, result)
			if at := ended.Sub(started); at < options.duration || result != succeeded {
				keep(sample{at, ended.Sub(sent), result, contained})
			}
			if result == noConnect || result == grpcUnavailable {
				time.Sleep(10 * time.Millisecond) // a server that is down must not turn the loop into a spin
			}
		}
	})
	time.Sleep(time.Until(started))
	meter.start()
	time.Sleep(time.Until(started.Add(options.duration)))
	meter.stop()
	samples := collected()
	return outcomes{started: started, elapsed: options.duration, samples: samples}
}

// startWorkers runs work once a sender and returns a function that waits for all and yields the measured samples.
func startWorkers(senders []sender, work func(sender, func(sample))) func() []sample {
	var group sync.WaitGroup
	kept := make([][]sample, len(senders))
	for position, sender := range senders {
		group.Go(func() {
			work(sender, func(taken sample) {
				if taken.at >= 0 {
					kept[position] = append(kept[position], taken)
				}
			})
		})
	}
	return func() []sample {
		group.Wait()
		var all []sample
		for _, samples := range kept {
			all = append(all, samples...)
		}
		return all
	}
}
