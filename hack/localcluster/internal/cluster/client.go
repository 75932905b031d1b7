// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

// getOK returns a check of a plain HTTP health endpoint on loopback.
func getOK(url string) func(context.Context) error {
	return func(ctx context.Context) error { return get(ctx, direct(nil), url, nil) }
}

// getOverTLS returns a check of an HTTPS endpoint whose certificate is signed by the cluster's authority.
func (c *Cluster) getOverTLS(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		client, err := adminClient()
		if err != nil {
			return err
		}
		return get(ctx, client, url, nil)
	}
}

// create creates an object in the API server if it does not exist.
func (c *Cluster) create(ctx context.Context, path string, object map[string]any) error {
	client, err := adminClient()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, APIServerURL()+path, bytes.NewReader(encode(object)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated && response.StatusCode != http.StatusConflict {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
		return fmt.Errorf("POST %s answers %s: %s", path, response.Status, body)
	}
	return nil
}

func (c *Cluster) apiReady(ctx context.Context) error {
	return c.api(ctx, "/readyz", nil)
}

// api reads an object from the API server as the administrator.
func (c *Cluster) api(ctx context.Context, path string, into any) error {
	client, err := adminClient()
	if err != nil {
		return err
	}
	return get(ctx, client, APIServerURL()+path, into)
}

// adminClient reads the administrator's keys from the kubeconfig. The user who started the cluster with sudo can read
// it. Only root can read the key folder.
func adminClient() (*http.Client, error) {
	data, err := os.ReadFile(layout.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("reading the administrator's kubeconfig: %w", err)
	}
	var config struct {
		Clusters []struct {
			Cluster struct {
				CA []byte `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Cert []byte `json:"client-certificate-data"`
				Key  []byte `json:"client-key-data"`
			} `json:"user"`
		} `json:"users"`
	}
	if err := json.Unmarshal(data, &config); err != nil || len(config.Clusters) == 0 || len(config.Users) == 0 {
		return nil, fmt.Errorf("%s is not the kubeconfig that `up` writes; run `up` to write it again", layout.Kubeconfig())
	}
	pair, err := tls.X509KeyPair(config.Users[0].User.Cert, config.Users[0].User.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the keys in %s: %w", layout.Kubeconfig(), err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(config.Clusters[0].Cluster.CA)
	return direct(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), nil
}

// direct returns a client that ignores proxy settings, because all its requests stay on this machine.
func direct(config *tls.Config) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: 10 * time.Second}
}

func get(ctx context.Context, client *http.Client, url string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s", url, response.Status)
	case into == nil:
		return nil
	}
	return json.Unmarshal(body, into)
}

// nodeState has the parts of a node's status that are shown to the user.
type nodeState struct {
	Ready  bool
	Reason string
}

func (c *Cluster) node(ctx context.Context) (nodeState, error) {
	var node struct {
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
	if err := c.api(ctx, "/api/v1/nodes/"+layout.NodeName, &node); err != nil {
		return nodeState{}, err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == "Ready" {
			return nodeState{Ready: condition.Status == "True", Reason: condition.Message}, nil
		}
	}
	return nodeState{Reason: "the kubelet has not reported yet"}, nil
}
