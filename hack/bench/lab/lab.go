// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lab runs a Kubernetes control plane with simulated nodes and this checkout's controller on this machine.
// etcd, kube-apiserver, kube-controller-manager and kube-scheduler are real. kwok simulates the nodes, and kubelet.go
// serves the logs of containers, which kwok does not have.
//
// It uses free ports and a folder of its own, so that it does not disturb a cluster that is up.
package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Options of a lab.
type Options struct {
	// Assets is the folder of kube-apiserver, etcd, kube-controller-manager and kube-scheduler.
	Assets string
	// Kwok and Controller are paths of programs. CRDs is the folder of our CRDs.
	Kwok, Controller, CRDs string
	// ControllerArgs are additional flags of the controller.
	ControllerArgs []string
	// DefaultLimits gives the controller manager and the scheduler Kubernetes' default request limits (20 and 50 per
	// second) instead of those of the local cluster (500).
	DefaultLimits bool
	// Nodes is the number of simulated nodes.
	Nodes int
	// RunFor is how long a pod runs.
	RunFor time.Duration
	// Log is what a container prints.
	Log Log
}

// Lab is a running control plane.
type Lab struct {
	Options
	Kube client.WithWatch
	// Config has the rights of an administrator and no request limit of its own.
	Config  *rest.Config
	Kubelet *Kubelet
	// Node is the name of the node of StartNode.
	Node string

	rest       rest.Interface
	dir        string
	env        *envtest.Environment
	manager    *Process
	scheduler  *Process
	kwok       *Process
	controller *Process
	// metricsPort, healthPort and pprofPort are ports of the controller.
	metricsPort, healthPort, pprofPort int
}

// Start starts everything except the controller.
func Start(ctx context.Context, o Options) (*Lab, error) {
	l := &Lab{Options: o}
	return l.start(ctx, l.startAPI, l.startKubelet, l.startManager, l.startScheduler, l.startKwok, l.makeNodes)
}

// StartAPI starts only etcd and the API server. It uses only the options Assets and CRDs. The default of Assets is
// KUBEBUILDER_ASSETS.
func StartAPI(ctx context.Context, o Options) (*Lab, error) {
	l := &Lab{Options: o}
	return l.start(ctx, l.startAPI)
}

// StartNode starts what StartAPI starts, and one node whose kubelet serves the logs of running pods. Nothing schedules and
// nothing runs pods: the caller writes their status. It uses the option Log too.
func StartNode(ctx context.Context, o Options) (*Lab, error) {
	l := &Lab{Options: o, Node: "node-0"}
	return l.start(ctx, l.startAPI, l.startKubelet, l.makeNode)
}

// start runs the steps. If one fails, it stops everything that was started.
func (l *Lab) start(ctx context.Context, steps ...func(context.Context) error) (_ *Lab, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Stop())
		}
	}()
	if l.dir, err = os.MkdirTemp("", "taskexec-lab-"); err != nil {
		return l, err
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return l, err
		}
	}
	return l, nil
}

func (l *Lab) startAPI(context.Context) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	l.env = &envtest.Environment{
		BinaryAssetsDirectory:    l.Assets,
		CRDDirectoryPaths:        []string{l.CRDs},
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  2 * time.Minute, // it drains for up to one minute
	}
	server := l.env.ControlPlane.GetAPIServer()
	server.CertDir = filepath.Join(l.dir, "apiserver") // a folder of ours, so that it survives a restart
	if err := os.Mkdir(server.CertDir, 0o700); err != nil {
		return err
	}
	output, err := os.Create(l.file("kube-apiserver.log"))
	if err != nil {
		return err
	}
	server.Out, server.Err = output, output
	server.Configure().Set("kubelet-preferred-address-types", "InternalIP")
	config, err := l.env.Start()
	if err != nil {
		return fmt.Errorf("starting the API server: %w", err)
	}
	l.Config = rest.CopyConfig(config)
	l.Config.QPS = -1
	if err := os.WriteFile(l.Kubeconfig(), l.env.KubeConfig, 0o600); err != nil {
		return err
	}
	clientset, err := kubernetes.NewForConfig(l.Config)
	if err != nil {
		return err
	}
	l.rest = clientset.RESTClient()
	l.Kube, err = client.NewWithWatch(l.Config, client.Options{Scheme: scheme})
	return err
}

// RestartAPI kills the API server, like a crash, and starts it again on the same port. A graceful stop would wait up
// to a minute for requests that follow logs.
func (l *Lab) RestartAPI() error {
	server := l.env.ControlPlane.GetAPIServer()
	if err := killBy("--cert-dir=" + server.CertDir); err != nil {
		return fmt.Errorf("killing the API server: %w", err)
	}
	if err := server.Stop(); err != nil {
		return fmt.Errorf("stopping the API server: %w", err)
	}
	server.Args = nil //nolint:staticcheck // envtest left them there, and would give each flag twice
	if err := server.Start(); err != nil {
		return fmt.Errorf("starting the API server again: %w", err)
	}
	return nil
}

func (l *Lab) startKubelet(ctx context.Context) (err error) {
	l.Kubelet, err = startKubelet(ctx, l.Config, l.Log)
	return err
}

// startManager starts the controller manager with the controllers that runs need, and the default number of workers.
func (l *Lab) startManager(ctx context.Context) (err error) {
	const controllers = "job-controller,garbage-collector-controller,namespace-controller,pod-garbage-collector-controller,ttl-after-finished-controller"
	port, err := FreePort()
	if err != nil {
		return err
	}
	args := []string{
		"--kubeconfig=" + l.Kubeconfig(), "--leader-elect=false", "--controllers=" + controllers,
		"--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(port), "--cert-dir=" + l.dir,
	}
	if !l.DefaultLimits {
		args = append(args, "--kube-api-qps=500", "--kube-api-burst=1000")
	}
	l.manager, err = l.Run(ctx, "kube-controller-manager", filepath.Join(l.Assets, "kube-controller-manager"), healthz("https", port), args...)
	return err
}

func (l *Lab) startScheduler(ctx context.Context) (err error) {
	port, err := FreePort()
	if err != nil {
		return err
	}
	limits := `, "qps": 500, "burst": 1000`
	if l.DefaultLimits {
		limits = ""
	}
	config := fmt.Sprintf(`{"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
		"clientConnection": {"kubeconfig": %q%s}, "leaderElection": {"leaderElect": false}}`, l.Kubeconfig(), limits)
	if err := os.WriteFile(l.file("scheduler.json"), []byte(config), 0o600); err != nil {
		return err
	}
	l.scheduler, err = l.Run(ctx, "kube-scheduler", filepath.Join(l.Assets, "kube-scheduler"), healthz("https", port),
		"--config="+l.file("scheduler.json"), "--bind-address=127.0.0.1", "--secure-port="+strconv.Itoa(port), "--cert-dir="+l.dir)
	return err
}

// Stop stops everything and removes the lab's files.
func (l *Lab) Stop() error {
	errs := []error{}
	for _, p := range []*Process{l.controller, l.kwok, l.scheduler, l.manager} {
		errs = append(errs, p.Stop())
	}
	if l.Kubelet != nil {
		l.Kubelet.stop()
	}
	if l.env != nil {
		errs = append(errs, l.env.Stop())
	}
	if l.dir != "" {
		errs = append(errs, os.RemoveAll(l.dir))
	}
	return errors.Join(errs...)
}

// Etcd returns the URL of etcd, for objects that are written past the API server.
func (l *Lab) Etcd() string { return "http://" + l.env.ControlPlane.Etcd.URL.Host }

// Kubeconfig returns the path of an administrator's kubeconfig.
func (l *Lab) Kubeconfig() string { return l.file("kubeconfig") }

func (l *Lab) file(name string) string { return filepath.Join(l.dir, name) }
