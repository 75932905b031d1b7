// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/forward"
	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

// Settings are the options of `up`. They are saved, so that a later `up` without flags repairs the same cluster
// instead of changing it.
type Settings struct {
	Publish            []forward.Rule `json:"publish"`
	LogMaxSize         string         `json:"containerLogMaxSize"`
	LogMaxFiles        int            `json:"containerLogMaxFiles"`
	LogMonitorInterval string         `json:"containerLogMonitorInterval"`
}

// Change changes some settings. The others keep their saved values.
type Change func(*Settings)

// defaults returns the kubelet's own defaults.
func defaults() Settings {
	return Settings{LogMaxSize: "10Mi", LogMaxFiles: 5, LogMonitorInterval: "10s"}
}

func settingsFile() string { return filepath.Join(layout.StateDir, "settings.json") }

func loadSettings() (Settings, error) {
	settings := defaults()
	data, err := os.ReadFile(settingsFile())
	if errors.Is(err, os.ErrNotExist) {
		return settings, nil
	}
	if err != nil {
		return settings, err
	}
	if err := json.Unmarshal(data, &settings); err != nil {
		return settings, fmt.Errorf("%s is damaged (%w); delete it, and give `up` its flags again", settingsFile(), err)
	}
	return settings, nil
}

// size matches a Kubernetes quantity with a suffix that makes sense for bytes.
var size = regexp.MustCompile(`^[1-9][0-9]*(k|M|G|Ki|Mi|Gi)?$`)

// validate rejects settings that would be saved and then keep the kubelet from starting. The bounds are the kubelet's
// own (pkg/kubelet/apis/config/validation).
func (s Settings) validate() error {
	if !size.MatchString(s.LogMaxSize) {
		return fmt.Errorf("%q is no size of a container's log: want a number with Ki, Mi or Gi, such as 10Mi", s.LogMaxSize)
	}
	if s.LogMaxFiles < 2 {
		return fmt.Errorf("the kubelet keeps at least 2 files of a container's log, not %d", s.LogMaxFiles)
	}
	if interval, err := time.ParseDuration(s.LogMonitorInterval); err != nil || interval < 3*time.Second {
		return fmt.Errorf("%q is no interval to look at logs in: want a duration of at least 3s", s.LogMonitorInterval)
	}
	return nil
}

func (s Settings) save() error { return os.WriteFile(settingsFile(), encode(s), 0o644) }
