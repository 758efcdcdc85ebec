//go:build tools

// Package kserve pins the controller of KServe.
package kserve

import (
	_ "github.com/kserve/kserve/cmd/manager"
)
