// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command controller is the operator. It creates Jobs for TaskExecutions and reports their status.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/cmd/internal/account"
	"github.com/taskexec/taskexec/cmd/internal/kubeconfig"
	"github.com/taskexec/taskexec/cmd/internal/version"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

type options struct {
	controllers.Options
	namespaces     string
	leaderElect    bool
	leaderElection string
	healthAddress  string
	metrics        metricsOptions
	pprofAddress   string
	language       string
	waitingBytes   resource.QuantityValue
	sizes          logSizes
	zap            zap.Options
	version        bool
}

func main() {
	o, err := parseFlags(flag.NewFlagSet(os.Args[0], flag.ExitOnError), os.Args[1:])
	if err == nil && o.version {
		fmt.Println(version.Text("taskexec-controller"))
		return
	}
	if err == nil {
		err = handOver(o.Archive.URL)
	}
	if err == nil {
		err = run(ctrl.SetupSignalHandler(), o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "controller:", err)
		os.Exit(1)
	}
}

func parseFlags(flags *flag.FlagSet, args []string) (options, error) {
	o := options{Options: controllers.DefaultOptions(), zap: zap.Options{TimeEncoder: zapcore.RFC3339NanoTimeEncoder, ZapOpts: lazily()}}
	flags.StringVar(&o.namespaces, "namespace", "", "Comma-separated namespaces to work in. Empty means all. For named namespaces, Roles are enough (config/namespaced).")
	flags.BoolVar(&o.leaderElect, "leader-elect", true, "Use a Lease so that only one controller works at a time.")
	flags.StringVar(&o.leaderElection, "leader-election-namespace", "", "Namespace of the Lease, and of the ConfigMap with the keys that sign Jobs. Empty means the controller's own namespace, or default outside of a cluster.")
	flags.StringVar(&o.healthAddress, "health-probe-bind-address", ":8081", "Address of /healthz and /readyz. 0 disables them.")
	o.metrics.bind(flags)
	flags.StringVar(&o.pprofAddress, "pprof-bind-address", "0", "Address of /debug/pprof, which takes no token: use a loopback address only. 0 disables it.")
	flags.StringVar(&o.language, "lifecycle-language", string(o.Language), "Language of the lifecycle entries in logs: zh or en.")
	flags.IntVar(&o.Concurrency, "max-concurrent-reconciles", o.Concurrency, "Maximum number of executions that are reconciled at once.")
	flags.DurationVar(&o.StartTimeout, "default-start-timeout", o.StartTimeout, "Start timeout of executions whose Task does not set one or does not exist.")
	flags.DurationVar(&o.ImagePullGrace, "image-pull-grace", o.ImagePullGrace, "How long the pull of an image may fail before the execution fails.")
	flags.IntVar(&o.MaxRunning.Total, "max-running", o.MaxRunning.Total, "Maximum number of active executions. Further ones wait. 0 means no limit.")
	flags.IntVar(&o.MaxRunning.PerNamespace, "max-running-per-namespace", o.MaxRunning.PerNamespace, "Maximum number of active executions in one namespace. Further ones wait. 0 means no limit.")
	flags.IntVar(&o.MaxRunning.Waiting.Runs, "max-waiting-per-namespace", o.MaxRunning.Waiting.Runs, "Maximum number of executions in one namespace that wait for their Job. One more fails with NamespaceQueueFull. 0 means no limit. Set the facade's flag to the same value.")
	o.waitingBytes.Quantity = *resource.NewQuantity(o.MaxRunning.Waiting.Bytes, resource.BinarySI)
	flags.Var(&o.waitingBytes, "max-waiting-bytes-per-namespace", "Maximum total size, as JSON, of the executions in one namespace that wait for their Job, such as 32Mi. Beyond it they fail with NamespaceQueueFull. 0 means no limit. Set the facade's flag to the same value.")
	flags.DurationVar(&o.KeepJob, "keep-job", o.KeepJob, "How long the Job and the pods of a run are kept after its whole log was archived, if the template has no ttlSecondsAfterFinished. 0 means as long as the run.")
	flags.DurationVar(&o.KeepUnarchivedJob, "keep-unarchived-job", o.KeepUnarchivedJob, "How long the Job and the pods of a run are kept if the archive does not have its whole log, so that only the pod has it. 0 means as long as the run.")
	o.logFlags(flags)
	flags.BoolVar(&o.version, "version", false, "Print the version and exit.")
	ctrl.RegisterFlags(flags)
	o.zap.BindFlags(flags)
	flags.Lookup("zap-log-level").Usage = "How much is logged: error, info, debug (each decision about a run), or a number: 2 adds the steps between decisions."
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	err := o.validate()
	return o, err
}

func (o *options) validate() error {
	o.Language = lifecycle.Language(o.language)
	o.MaxRunning.Waiting.Bytes = o.waitingBytes.Value()
	if err := o.readNamespaces(); err != nil {
		return err
	}
	if err := o.metrics.validate(); err != nil {
		return err
	}
	switch {
	case o.Language != lifecycle.Chinese && o.Language != lifecycle.English:
		return fmt.Errorf("--lifecycle-language is %q, want zh or en", o.language)
	case o.Concurrency < 1:
		return fmt.Errorf("--max-concurrent-reconciles is %d, want at least 1", o.Concurrency)
	case o.StartTimeout <= 0:
		return fmt.Errorf("--default-start-timeout is %s, want more than 0", o.StartTimeout)
	case o.ImagePullGrace <= 0:
		return fmt.Errorf("--image-pull-grace is %s, want more than 0", o.ImagePullGrace)
	case o.MaxRunning.Total < 0:
		return fmt.Errorf("--max-running is %d, want 0 or more", o.MaxRunning.Total)
	case o.MaxRunning.PerNamespace < 0:
		return fmt.Errorf("--max-running-per-namespace is %d, want 0 or more", o.MaxRunning.PerNamespace)
	case o.MaxRunning.Waiting.Runs < 0:
		return fmt.Errorf("--max-waiting-per-namespace is %d, want 0 or more", o.MaxRunning.Waiting.Runs)
	case o.MaxRunning.Waiting.Bytes < 0:
		return fmt.Errorf("--max-waiting-bytes-per-namespace is %s, want 0 or more", o.waitingBytes.String())
	case o.KeepJob < 0:
		return fmt.Errorf("--keep-job is %s, want 0 or more", o.KeepJob)
	case o.KeepUnarchivedJob < 0:
		return fmt.Errorf("--keep-unarchived-job is %s, want 0 or more", o.KeepUnarchivedJob)
	}
	return o.validateLogs()
}

// readNamespaces splits --namespace. Repeated names count once.
func (o *options) readNamespaces() error {
	for name := range strings.SplitSeq(o.namespaces, ",") {
		name = strings.TrimSpace(name)
		switch {
		case o.namespaces == "", slices.Contains(o.Namespaces, name):
		case len(validation.IsDNS1123Label(name)) > 0:
			return fmt.Errorf("--namespace is %q, want comma-separated names of namespaces, or nothing for all namespaces", o.namespaces)
		default:
			o.Namespaces = append(o.Namespaces, name)
		}
	}
	return nil
}

func run(ctx context.Context, o options) error {
	log := zap.New(zap.UseFlagOptions(&o.zap))
	ctrl.SetLogger(log)
	version.Log(log)
	if err := metrics.Registry.Register(version.Metric("taskexec_controller")); err != nil {
		return err
	}
	config, err := kubeconfig.Load("taskexec-controller")
	if err != nil {
		return err
	}
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	caches, err := controllers.CacheOptions(o.Namespaces...)
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         caches,
		Metrics:                       o.metrics.server(),
		HealthProbeBindAddress:        o.healthAddress,
		PprofBindAddress:              o.pprofAddress,
		LeaderElection:                o.leaderElect,
		LeaderElectionID:              "controller.taskexec.dev",
		LeaderElectionNamespace:       o.leaderElection,
		LeaderElectionReleaseOnCancel: true, // the process exits right after it, so that nothing runs without the lease
	})
	if err != nil {
		return fmt.Errorf("connecting to the cluster at %s: %w", config.Host, err)
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	synced, err := controllers.CachesSynced(ctx, mgr.GetCache())
	if err != nil {
		return err
	}
	if err := mgr.AddReadyzCheck("caches", synced); err != nil {
		return err
	}
	if namespace := systemNamespace(o.leaderElection, account.NamespaceFile); namespace != "" {
		o.SystemNamespace = namespace
	}
	if err := controllers.Setup(mgr, o.Options); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// newScheme returns a scheme that knows the kinds of Kubernetes and of this API.
func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering kinds: %w", err)
		}
	}
	return scheme, nil
}
