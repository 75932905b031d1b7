// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/taskexec/taskexec/hack/bench/harness"
)

// StartController starts the controller of this checkout and waits until its caches are synced.
func (l *Lab) StartController(ctx context.Context) (err error) {
	for _, port := range []*int{&l.metricsPort, &l.healthPort, &l.pprofPort} {
		if *port, err = FreePort(); err != nil {
			return err
		}
	}
	local := func(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }
	args := append([]string{
		"--kubeconfig=" + l.Kubeconfig(), "--leader-elect=false", "--lifecycle-language=en", "--zap-log-level=error",
		"--metrics-bind-address=" + local(l.metricsPort), "--metrics-auth=none", "--health-probe-bind-address=" + local(l.healthPort),
		"--pprof-bind-address=" + local(l.pprofPort),
	}, l.ControllerArgs...)
	if l.controller, err = l.Run(ctx, "controller", l.Controller, healthz("http", l.healthPort), args...); err != nil {
		return err
	}
	return l.until(ctx, "the controller works", func() (bool, error) {
		samples, err := l.ControllerMetrics(ctx)
		if err != nil {
			return false, nil //nolint:nilerr // it does not answer yet
		}
		return samples.Sum("controller_runtime_max_concurrent_reconciles", nil) > 0, nil
	})
}

// StopController stops the controller as a rollout does.
func (l *Lab) StopController() error { return l.controller.Stop() }

// KillController kills the controller, like a crash.
func (l *Lab) KillController() error { return l.controller.Kill() }

// ControllerUse returns what the controller has used so far.
func (l *Lab) ControllerUse() (Use, error) { return l.controller.Use() }

// ControllerMetrics reads the controller's /metrics.
func (l *Lab) ControllerMetrics(ctx context.Context) (harness.Samples, error) {
	body, err := get(ctx, fmt.Sprintf("http://127.0.0.1:%d/metrics", l.metricsPort))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return harness.ParseMetrics(body)
}

// Profile writes a profile of the controller to a file: "profile?seconds=10", "heap" or "allocs".
func (l *Lab) Profile(ctx context.Context, what, file string) error {
	body, err := get(ctx, fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/%s", l.pprofPort, what))
	if err != nil {
		return err
	}
	return save(body, file)
}

// ProfileAPI writes a CPU profile of the API server to a file.
func (l *Lab) ProfileAPI(ctx context.Context, during time.Duration, file string) error {
	body, err := l.rest.Get().AbsPath("/debug/pprof/profile").Param("seconds", fmt.Sprint(during.Seconds())).Stream(ctx)
	if err != nil {
		return fmt.Errorf("profiling the API server: %w", err)
	}
	return save(body, file)
}

func save(body io.ReadCloser, file string) (err error) {
	defer body.Close()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, body)
	return err
}

// APIMetrics reads the API server's /metrics.
func (l *Lab) APIMetrics(ctx context.Context) (harness.Samples, error) {
	body, err := l.rest.Get().AbsPath("/metrics").Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the API server's metrics: %w", err)
	}
	defer body.Close()
	return harness.ParseMetrics(body)
}

// EtcdMetrics reads etcd's /metrics.
func (l *Lab) EtcdMetrics(ctx context.Context) (harness.Samples, error) {
	body, err := get(ctx, l.env.ControlPlane.Etcd.URL.JoinPath("metrics").String())
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return harness.ParseMetrics(body)
}

func get(ctx context.Context, url string) (io.ReadCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request) //nolint:bodyclose // the caller closes it
	if err != nil {
		cancel()
		return nil, err
	}
	body := &cancelled{answer.Body, cancel}
	if answer.StatusCode != http.StatusOK {
		body.Close()
		return nil, fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return body, nil
}

// cancelled is a body that cancels its request's context when it is closed.
type cancelled struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c *cancelled) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}
