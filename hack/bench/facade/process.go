// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/taskexec/taskexec/hack/bench/lab"
)

// facade is a process of bin/apiserver.
type facade struct {
	*options
	process *lab.Process
	url     string
	client  http.Client
}

// runFacade starts the facade and waits until it is ready.
func (l *filled) runFacade(ctx context.Context) (*facade, error) {
	port, err := lab.FreePort()
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	arguments := append([]string{
		"--kubeconfig=" + l.Kubeconfig(), "--bind-address=" + address, "--namespace=" + namespace, "--shutdown-delay=0s",
		"--auth=" + l.auth, "--max-reads-per-second=0",
	}, l.fields()...)
	f := &facade{options: l.options, url: "http://" + address}
	f.client.Timeout = 10 * time.Second
	f.process, err = l.Run(ctx, "apiserver", l.program, f.url+"/readyz", arguments...)
	return f, err
}

func (f *facade) header() http.Header {
	if f.token == "" {
		return nil
	}
	return http.Header{"Authorization": {"Bearer " + f.token}}
}

func (f *facade) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+path, nil)
	if err != nil {
		return nil, err
	}
	if header := f.header(); header != nil {
		request.Header = header
	}
	answer, err := f.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// list has how long each page of one list took.
type list struct {
	what  string
	pages []time.Duration
}

// lists reads each list to its end, by its cursors.
func (f *facade) lists(ctx context.Context) ([]list, error) {
	var all []list
	for _, query := range []string{"limit=100", "limit=100&sort=createdAt", "limit=1000", "limit=100&taskName=task-3", "limit=100&status=failed", "limit=100&status=running"} {
		l := list{what: query}
		for cursor := ""; ; {
			begin := time.Now()
			raw, err := f.get(ctx, "/tasks/executions?"+query+cursor)
			if err != nil {
				return nil, err
			}
			l.pages = append(l.pages, time.Since(begin))
			var page struct{ NextCursor string }
			if err := json.Unmarshal(raw, &page); err != nil {
				return nil, err
			}
			if page.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + page.NextCursor
		}
		all = append(all, l)
	}
	for _, path := range []string{"/tasks/executions?page=1&pageSize=100", fmt.Sprintf("/tasks/executions?page=%d&pageSize=100", min(f.executions, 10_000)/100), "/tasks/stats/summary"} {
		begin := time.Now()
		if _, err := f.get(ctx, path); err != nil {
			return nil, err
		}
		all = append(all, list{path, []time.Duration{time.Since(begin)}})
	}
	return all, nil
}
