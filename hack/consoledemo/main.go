// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command consoledemo serves the console over invented runs, for looking at its screens and for the pictures in the
// documentation. It starts an API server, applies the sample Tasks, writes runs of the last twelve weeks, and runs the
// facade until Ctrl-C. Nothing runs there: no controller, no node.
//
// Usage, from the root of the checkout: KUBEBUILDER_ASSETS=$(bin/localcluster assets) go run ./hack/consoledemo -bind-address 127.0.0.1:8090
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver"
)

func main() {
	address := flag.String("bind-address", "127.0.0.1:8090", "Address of the facade, on this machine.")
	auth := flag.String("auth", apiserver.AuthNone, "The facade's --auth. With kubernetes, a token of an administrator is printed.")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *address, *auth); err != nil {
		fmt.Fprintln(os.Stderr, "consoledemo:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

// run serves until ctx ends.
func run(ctx context.Context, address, auth string) (err error) {
	environment := &envtest.Environment{
		CRDInstallOptions:        envtest.CRDInstallOptions{Paths: []string{filepath.Join("config", "crd", "bases")}, ErrorIfPathMissing: true, MaxTime: time.Minute},
		ControlPlaneStartTimeout: 2 * time.Minute,
	}
	config, err := environment.Start()
	if err != nil {
		return fmt.Errorf("starting the API server: %w", err)
	}
	defer func() { err = errors.Join(err, environment.Stop()) }()
	config.QPS = -1 // no limit in the client
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("registering kinds: %w", err)
	}
	kube, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("making the client: %w", err)
	}
	if err := applySamples(ctx, kube); err != nil {
		return err
	}
	etcd := etcd{"http://" + environment.ControlPlane.Etcd.URL.Host}
	for _, execution := range invented(time.Now().UTC().Truncate(time.Second)) {
		if err := etcd.put(ctx, execution); err != nil {
			return err
		}
	}
	options := apiserver.DefaultOptions()
	options.BindAddress, options.Auth = address, auth
	if auth == apiserver.AuthKubernetes {
		token, err := administrator(ctx, kube, options.TokenAudiences)
		if err != nil {
			return err
		}
		fmt.Println("Token:", token)
	}
	fmt.Printf("The console is at http://%s/console/\n", address)
	return apiserver.Run(ctx, config, options)
}
