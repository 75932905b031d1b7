// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/taskexec/taskexec/apiserver/runs"
)

// call sends a request to the facade of a cluster, in a namespace.
func (c *cluster) call(ctx context.Context, method, namespace, path, body string, header ...string) (status int, answer string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, c.facade+"/namespaces/"+namespace+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, "", fmt.Errorf("reading the answer to %s %s: %w", method, path, err)
	}
	return response.StatusCode, string(raw), nil
}

// patiently sends a request like call. It tries again while the facade says that Kubernetes or its store does not answer in time.
func (c *cluster) patiently(ctx context.Context, method, namespace, path, body string, header ...string) (status int, answer string, err error) {
	for range 5 {
		if status, answer, err = c.call(ctx, method, namespace, path, body, header...); status != http.StatusServiceUnavailable {
			break
		}
		wait(ctx, 2*time.Second)
	}
	return status, answer, err
}

// get reads JSON from the facade of a cluster.
func (c *cluster) get(ctx context.Context, namespace, path string, into any) error {
	status, answer, err := c.patiently(ctx, http.MethodGet, namespace, path, "")
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET %s in %s: %d %s", path, namespace, status, answer)
	}
	return json.Unmarshal([]byte(answer), into)
}

// shown is a run as the facade shows it. Whether it is archived is kept apart from all else.
type shown struct {
	archived bool
	// rest is the JSON of all other fields.
	rest string
}

// run reads one run.
func (c *cluster) run(ctx context.Context, namespace, name string) (shown, error) {
	fields := map[string]any{}
	if err := c.get(ctx, namespace, "/tasks/executions/"+name, &fields); err != nil {
		return shown{}, err
	}
	archived := fields["archived"] == true
	delete(fields, "archived")
	raw, err := json.Marshal(fields)
	return shown{archived, string(raw)}, err
}

// printed reads what the container of a run printed.
func (c *cluster) printed(ctx context.Context, namespace, name string) (string, error) {
	status, answer, err := c.patiently(ctx, http.MethodGet, namespace, "/tasks/executions/"+name+"/logs", "", "Accept", "text/plain")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the log of %s/%s: %d %s", namespace, name, status, answer)
	}
	return answer, err
}

// history reads the whole history of a namespace. It tries again if the store does not answer in time, which the facade then says.
func (c *cluster) history(ctx context.Context, namespace string) (all []runs.ListedRecord, err error) {
	for range 5 {
		if all, err = c.pages(ctx, namespace); err == nil {
			return all, nil
		}
		wait(ctx, 2*time.Second)
	}
	return nil, err
}

// pages reads the whole history of a namespace in pages.
func (c *cluster) pages(ctx context.Context, namespace string) (all []runs.ListedRecord, err error) {
	for cursor := ""; ; {
		var page runs.History
		if err := c.get(ctx, namespace, "/tasks/executions/history?limit=97"+cursor, &page); err != nil {
			return nil, err
		}
		if page.Incomplete != "" {
			return nil, fmt.Errorf("the history of %s is incomplete: %s", namespace, page.Incomplete)
		}
		all = append(all, page.Executions...)
		if page.NextCursor == "" {
			return all, nil
		}
		cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
	}
}
