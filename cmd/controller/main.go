// Command controller is the operator: it turns TaskExecutions into Jobs and reports on them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

type options struct {
	controllers.Options
	namespace      string
	leaderElect    bool
	leaderElection string
	healthAddress  string
	metricsAddress string
	language       string
	zap            zap.Options
}

func main() {
	o, err := parseFlags(flag.NewFlagSet(os.Args[0], flag.ExitOnError), os.Args[1:])
	if err == nil {
		err = run(ctrl.SetupSignalHandler(), o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "controller:", err)
		os.Exit(1)
	}
}

func parseFlags(flags *flag.FlagSet, args []string) (options, error) {
	o := options{Options: controllers.DefaultOptions(), zap: zap.Options{TimeEncoder: zapcore.RFC3339NanoTimeEncoder}}
	flags.StringVar(&o.namespace, "namespace", "", "The one namespace to work in. Empty means all.")
	flags.BoolVar(&o.leaderElect, "leader-elect", true, "Let one controller work at a time, by a Lease.")
	flags.StringVar(&o.leaderElection, "leader-election-namespace", "", "The namespace of the Lease. Empty means the one that the controller runs in.")
	flags.StringVar(&o.healthAddress, "health-probe-bind-address", ":8081", "Where /healthz and /readyz answer. 0 means nowhere.")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", ":8080", "Where /metrics answers. 0 means nowhere.")
	flags.StringVar(&o.language, "lifecycle-language", string(o.Language), "The language of the lifecycle entries in logs: zh or en.")
	flags.IntVar(&o.Concurrency, "max-concurrent-reconciles", o.Concurrency, "How many executions are reconciled at once.")
	flags.DurationVar(&o.StartTimeout, "default-start-timeout", o.StartTimeout, "How long an execution waits for a Task that does not exist.")
	flags.IntVar(&o.MaxLogStreams, "max-log-streams", o.MaxLogStreams, "How many container logs are followed at once.")
	flags.DurationVar(&o.LogFlushInterval, "log-flush-interval", o.LogFlushInterval, "The time between two writes of one execution's log while it runs.")
	flags.DurationVar(&o.LogPatience, "log-patience", o.LogPatience, "How long after the end of a run its log is still waited for.")
	ctrl.RegisterFlags(flags)
	o.zap.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	err := o.validate()
	return o, err
}

func (o *options) validate() error {
	o.Language = lifecycle.Language(o.language)
	switch {
	case o.Language != lifecycle.Chinese && o.Language != lifecycle.English:
		return fmt.Errorf("--lifecycle-language is %q, want zh or en", o.language)
	case o.Concurrency < 1:
		return fmt.Errorf("--max-concurrent-reconciles is %d, want at least 1", o.Concurrency)
	case o.MaxLogStreams < 1:
		return fmt.Errorf("--max-log-streams is %d, want at least 1", o.MaxLogStreams)
	case o.StartTimeout <= 0, o.LogFlushInterval <= 0, o.LogPatience <= 0:
		return fmt.Errorf("--default-start-timeout, --log-flush-interval and --log-patience want to be more than 0")
	}
	return nil
}

func run(ctx context.Context, o options) error {
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&o.zap)))
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding a cluster (set KUBECONFIG or --kubeconfig): %w", err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return fmt.Errorf("registering kinds: %w", err)
		}
	}
	caches, err := controllers.CacheOptions(o.namespace)
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         caches,
		Metrics:                       metricsserver.Options{BindAddress: o.metricsAddress},
		HealthProbeBindAddress:        o.healthAddress,
		LeaderElection:                o.leaderElect,
		LeaderElectionID:              "controller.taskexec.dev",
		LeaderElectionNamespace:       o.leaderElection,
		LeaderElectionReleaseOnCancel: true, // the process ends right after, so that nothing works without the lease
	})
	if err != nil {
		return fmt.Errorf("connecting to the cluster at %s: %w", config.Host, err)
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	if err := mgr.AddReadyzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	if err := controllers.Setup(mgr, o.Options); err != nil {
		return err
	}
	return mgr.Start(ctx)
}
