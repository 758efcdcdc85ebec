package main

import (
	"math"
	"slices"
	"time"
)

// report is the JSON object printed. Latencies are milliseconds from the scheduled send time (open loop) or the send
// time (closed loop) over successful answers; requests that timed out or were never sent enter with the time waited,
// which is less than what they would have needed.
type report struct {
	Mode         string         `json:"mode"`
	Rate         float64        `json:"rate,omitempty"`
	Connections  int            `json:"connections"`
	StartedUnix  float64        `json:"started_unix"` // start of the measured part, seconds
	Seconds      float64        `json:"seconds"`      // measured part; open loop: to the last answer
	Sent         int            `json:"sent"`
	OK           int            `json:"ok"`
	Unserved     int            `json:"unserved"` // due, but no connection came free in time
	Failed       int            `json:"failed"`   // sum of errors
	Errors       map[string]int `json:"errors"`
	AchievedRate float64        `json:"achieved_rate"` // ok a second
	Latency      latencies      `json:"latency_ms"`
	Counts       map[string]int `json:"counts,omitempty"`
	PacerLag     *latencies     `json:"pacer_lag_ms,omitempty"`
	GeneratorCPU float64        `json:"generator_cpu_seconds"`
	Servers      []processTree  `json:"servers,omitempty"`
	Timeline     []bucket       `json:"timeline,omitempty"`
}

type latencies struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
}

// bucket holds the requests due within one interval of the timeline.
type bucket struct {
	At     float64        `json:"at"` // seconds from the start of the measured part
	OK     int            `json:"ok"`
	Failed int            `json:"failed"` // errors and unserved
	P99    float64        `json:"p99"`
	Max    float64        `json:"max"`
	Counts map[string]int `json:"counts,omitempty"`
}

func buildReport(options options, result outcomes, meter *usageMeter) report {
	all := newTally(options)
	for _, taken := range result.samples {
		all.add(taken)
	}
	built := report{
		Mode: "closed", Connections: options.connections,
		StartedUnix: float64(result.started.UnixMicro()) / 1e6, Seconds: rounded(result.elapsed.Seconds(), 3),
		Sent: len(result.samples) - all.unserved, OK: all.ok, Unserved: all.unserved, Failed: all.failed,
		Errors: all.errors, Counts: all.counts, Latency: summarize(all.latencies),
		AchievedRate: rounded(float64(all.ok)/result.elapsed.Seconds(), 1),
		GeneratorCPU: rounded(meter.generator, 2), Servers: meter.trees,
	}
	if options.rate > 0 {
		lag := summarize(result.lag)
		built.Mode, built.Rate, built.PacerLag = "open", options.rate, &lag
	}
	if options.timeline > 0 {
		built.Timeline = buildTimeline(options, result.samples)
	}
	return built
}

func buildTimeline(options options, samples []sample) []bucket {
	tallies := make([]*tally, 1+int((options.duration-1)/options.timeline))
	for position := range tallies {
		tallies[position] = newTally(options)
	}
	for _, taken := range samples {
		tallies[min(int(taken.at/options.timeline), len(tallies)-1)].add(taken)
	}
	buckets := make([]bucket, len(tallies))
	for position, collected := range tallies {
		summary := summarize(collected.latencies)
		buckets[position] = bucket{
			At: rounded((time.Duration(position) * options.timeline).Seconds(), 3), OK: collected.ok,
			Failed: collected.failed + collected.unserved, P99: summary.P99, Max: summary.Max, Counts: collected.counts,
		}
	}
	return buckets
}

// tally sums samples by outcome.
type tally struct {
	options              options
	ok, failed, unserved int
	errors, counts       map[string]int
	latencies            []time.Duration
}

func newTally(options options) *tally {
	created := &tally{options: options, errors: map[string]int{}, counts: map[string]int{}}
	for _, wanted := range options.counted {
		created.counts[wanted.name] = 0
	}
	return created
}

func (sums *tally) add(taken sample) {
	switch taken.result {
	case succeeded:
		sums.ok++
		for position, wanted := range sums.options.counted {
			if taken.contained&(1<<position) != 0 {
				sums.counts[wanted.name]++
			}
		}
	case neverSent:
		sums.unserved++
	default:
		sums.failed++
		sums.errors[string(taken.result)]++
		if taken.result != timedOut {
			return
		}
	}
	sums.latencies = append(sums.latencies, taken.latency)
}

// summarize sorts its argument.
func summarize(values []time.Duration) latencies {
	if len(values) == 0 {
		return latencies{}
	}
	slices.Sort(values)
	var sum time.Duration
	for _, value := range values {
		sum += value
	}
	return latencies{
		P50: milliseconds(quantile(values, 0.5)), P90: milliseconds(quantile(values, 0.9)),
		P99: milliseconds(quantile(values, 0.99)), P999: milliseconds(quantile(values, 0.999)),
		Max: milliseconds(values[len(values)-1]), Mean: milliseconds(sum / time.Duration(len(values))),
	}
}

// quantile is the smallest value that at least this share of the sorted values does not exceed.
func quantile(sorted []time.Duration, share float64) time.Duration {
	rank := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[max(0, min(rank, len(sorted)-1))]
}

func milliseconds(value time.Duration) float64 { return rounded(float64(value)/1e6, 3) }
