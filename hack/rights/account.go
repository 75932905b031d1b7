// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Audit makes a test's API server log what users do. Call it before the API server starts. stop removes the log.
func Audit(environment *envtest.Environment, users ...string) (log *Log, stop func(), err error) {
	dir, err := os.MkdirTemp("", "taskexec-audit-")
	if err != nil {
		return nil, nil, fmt.Errorf("making a folder for the audit log: %w", err)
	}
	stop = func() { _ = os.RemoveAll(dir) }
	if log, err = NewLog(dir, users...); err != nil {
		stop()
		return nil, nil, err
	}
	for flag, value := range log.Flags() {
		environment.ControlPlane.GetAPIServer().Configure().Set(flag, value)
	}
	return log, stop, nil
}

// Account creates a service account and its namespace if they do not exist. It returns a config for the same API
// server with a token of the account. The token is valid for an hour.
func Account(ctx context.Context, kube client.Client, config *rest.Config, namespace, name string) (*rest.Config, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	for _, o := range []client.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, account} {
		if err := kube.Create(ctx, o); client.IgnoreAlreadyExists(err) != nil {
			return nil, fmt.Errorf("making the service account %s/%s: %w", namespace, name, err)
		}
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](3600)}}
	if err := kube.SubResource("token").Create(ctx, account, request); err != nil {
		return nil, fmt.Errorf("making a token of the service account %s/%s: %w", namespace, name, err)
	}
	own := rest.AnonymousClientConfig(config)
	own.BearerToken, own.QPS = request.Status.Token, -1
	return own, nil
}

// Install creates the objects of manifests, such as those of config/rbac. It does not change existing objects.
func Install(ctx context.Context, kube client.Client, manifests ...string) error {
	for _, path := range manifests {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
		for {
			o := &unstructured.Unstructured{}
			err := decoder.Decode(o)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("reading %s: %w", path, err)
			}
			if err := kube.Create(ctx, o); client.IgnoreAlreadyExists(err) != nil {
				return fmt.Errorf("creating %s %s of %s: %w", o.GetKind(), o.GetName(), path, err)
			}
		}
	}
	return nil
}

// GrantedBy returns the rights in the rules of manifests.
func GrantedBy(manifests ...string) (map[Right]bool, error) {
	var all io.Reader = bytes.NewReader(nil)
	for _, path := range manifests {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all = io.MultiReader(all, bytes.NewReader(raw), bytes.NewReader([]byte("\n---\n")))
	}
	return Granted(all)
}
