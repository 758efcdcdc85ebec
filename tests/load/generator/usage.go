package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
)

const ticksPerSecond = 100 // USER_HZ, fixed in the kernel's interface

// processTree is what one given process and its descendants used during the measured part.
type processTree struct {
	PID        int     `json:"pid"`
	Processes  int     `json:"processes"`
	CPUSeconds float64 `json:"cpu_seconds"` // a process that ended meanwhile is not in it
	RSSMiB     float64 `json:"rss_mib"`     // at the end; counts shared pages once a process
	PSSMiB     float64 `json:"pss_mib"`     // at the end; shares them out
}

type processState struct {
	parent   int
	ticks    int64
	rssBytes int64
}

// usageMeter reads /proc at the start and the end of the measured part.
type usageMeter struct {
	roots     []int
	before    map[int]processState
	generator float64 // CPU seconds of this program
	trees     []processTree
}

func newUsageMeter(roots []int) *usageMeter { return &usageMeter{roots: roots} }

func (meter *usageMeter) start() { meter.before = readProcesses() }

func (meter *usageMeter) stop() {
	after := readProcesses()
	meter.generator = meter.spent(after, os.Getpid())
	for _, root := range meter.roots {
		meter.trees = append(meter.trees, meter.measure(after, root))
	}
}

func (meter *usageMeter) measure(after map[int]processState, root int) processTree {
	tree := processTree{PID: root}
	for _, pid := range descendants(after, root) {
		tree.Processes++
		tree.CPUSeconds += meter.spent(after, pid)
		tree.RSSMiB += float64(after[pid].rssBytes) / (1 << 20)
		tree.PSSMiB += readPSS(pid)
	}
	tree.RSSMiB, tree.PSSMiB = rounded(tree.RSSMiB, 1), rounded(tree.PSSMiB, 1)
	tree.CPUSeconds = rounded(tree.CPUSeconds, 2)
	return tree
}

// spent is the CPU time of one process since start; all of it for a process that is younger.
func (meter *usageMeter) spent(after map[int]processState, pid int) float64 {
	return float64(after[pid].ticks-meter.before[pid].ticks) / ticksPerSecond
}

func readProcesses() map[int]processState {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	states := map[int]processState{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if state, ok := readState(pid); ok {
			states[pid] = state
		}
	}
	return states
}

// readState parses /proc/PID/stat behind the command, which may itself contain spaces and parentheses.
func readState(pid int) (processState, bool) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return processState{}, false
	}
	fields := bytes.Fields(content[bytes.LastIndexByte(content, ')')+1:])
	if len(fields) < 22 {
		return processState{}, false
	}
	number := func(position int) int64 {
		value, _ := strconv.ParseInt(string(fields[position]), 10, 64)
		return value
	}
	// proc(5): state is field 3 there and 0 here; parent 4, utime 14, stime 15, rss 24 (pages).
	return processState{int(number(1)), number(11) + number(12), number(21) * int64(os.Getpagesize())}, true
}

func descendants(states map[int]processState, root int) []int {
	if _, alive := states[root]; !alive {
		return nil
	}
	found := []int{root}
	for position := 0; position < len(found); position++ {
		for pid, state := range states {
			if state.parent == found[position] {
				found = append(found, pid)
			}
		}
	}
	return found
}

func readPSS(pid int) float64 {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(content) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == "Pss:" {
			kibibytes, _ := strconv.ParseFloat(string(fields[1]), 64)
			return kibibytes / 1024
		}
	}
	return 0
}

func rounded(value float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(value*scale) / scale
}
