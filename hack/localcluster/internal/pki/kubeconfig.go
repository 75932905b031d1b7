// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Kubeconfig returns a kubeconfig for one of Users. It includes the keys, so that the file can be copied. It is JSON,
// which is also YAML and can be read without a YAML library.
func Kubeconfig(dir, user, server string) ([]byte, error) {
	ca, err := os.ReadFile(filepath.Join(dir, ClusterCA+".crt"))
	if err != nil {
		return nil, err
	}
	cert, err := os.ReadFile(filepath.Join(dir, user+".crt"))
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(dir, user+".key"))
	if err != nil {
		return nil, err
	}
	const name = "taskexec-localcluster"
	config := map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": name,
		"clusters": []any{map[string]any{"name": name, "cluster": map[string]any{
			"server": server, "certificate-authority-data": ca,
		}}},
		"users": []any{map[string]any{"name": user, "user": map[string]any{
			"client-certificate-data": cert, "client-key-data": key,
		}}},
		"contexts": []any{map[string]any{"name": name, "context": map[string]any{"cluster": name, "user": user}}},
	}
	data, err := json.MarshalIndent(config, "", "  ")
	return append(data, '\n'), err
}
