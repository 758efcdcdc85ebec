package main

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// sleeper waits in the kernel on a thread of its own: the runtime's timers wake with its network poller, to about a
// millisecond, and the kernel by default adds 50 µs of slack to a thread's timers.
type sleeper struct{}

func newSleeper() sleeper {
	runtime.LockOSThread()
	// Refused by an old kernel or a container, it costs precision only, which the report shows as lag.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return sleeper{}
}

func (sleeper) release() { runtime.UnlockOSThread() }

func (sleeper) until(moment time.Time) {
	for left := time.Until(moment); left > 0; left = time.Until(moment) {
		request := unix.NsecToTimespec(left.Nanoseconds())
		_ = unix.Nanosleep(&request, nil) // interrupted: the loop sleeps what is left
	}
}
