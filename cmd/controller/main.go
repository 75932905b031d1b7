// Command controller is the operator: it turns TaskExecutions into Jobs and reports on them.
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

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/cmd/internal/account"
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
}

func main() {
	o, err := parseFlags(flag.NewFlagSet(os.Args[0], flag.ExitOnError), os.Args[1:])
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
	flags.StringVar(&o.namespaces, "namespace", "", "The namespaces to work in, with commas between. Empty means all. In named ones Roles suffice (config/namespaced).")
	flags.BoolVar(&o.leaderElect, "leader-elect", true, "Let one controller work at a time, by a Lease.")
	flags.StringVar(&o.leaderElection, "leader-election-namespace", "", "The namespace of the Lease, and of the ConfigMap that proves which Jobs are the controller's. Empty means the one that the controller runs in, or default outside of a cluster.")
	flags.StringVar(&o.healthAddress, "health-probe-bind-address", ":8081", "Where /healthz and /readyz answer. 0 means nowhere.")
	o.metrics.bind(flags)
	flags.StringVar(&o.pprofAddress, "pprof-bind-address", "0", "Where /debug/pprof answers, to whoever asks: on loopback if anywhere. 0 means nowhere.")
	flags.StringVar(&o.language, "lifecycle-language", string(o.Language), "The language of the lifecycle entries in logs: zh or en.")
	flags.IntVar(&o.Concurrency, "max-concurrent-reconciles", o.Concurrency, "How many executions are reconciled at once.")
	flags.DurationVar(&o.StartTimeout, "default-start-timeout", o.StartTimeout, "How long an execution waits for a Task that does not exist.")
	flags.DurationVar(&o.ImagePullGrace, "image-pull-grace", o.ImagePullGrace, "How long an image may fail to be pulled before its execution fails.")
	flags.IntVar(&o.MaxRunning.Total, "max-running", o.MaxRunning.Total, "How many executions are active at once; the others wait. 0 means no bound.")
	flags.IntVar(&o.MaxRunning.PerNamespace, "max-running-per-namespace", o.MaxRunning.PerNamespace, "How many executions of one namespace are active at once; the others wait. 0 means no bound.")
	flags.IntVar(&o.MaxRunning.Waiting.Runs, "max-waiting-per-namespace", o.MaxRunning.Waiting.Runs, "How many executions of one namespace may wait for their Job. One more fails as NamespaceQueueFull. 0 means no bound. The facade has the same flag.")
	o.waitingBytes.Quantity = *resource.NewQuantity(o.MaxRunning.Waiting.Bytes, resource.BinarySI)
	flags.Var(&o.waitingBytes, "max-waiting-bytes-per-namespace", "How much the executions of one namespace that wait may have together, as JSON, such as 32Mi. What is over it fails as NamespaceQueueFull. 0 means no bound. The facade has the same flag.")
	flags.DurationVar(&o.KeepJob, "keep-job", o.KeepJob, "How long the Job and the pods of a run stay after its whole log was archived, where the template has no ttlSecondsAfterFinished. 0 means as long as the run.")
	flags.DurationVar(&o.KeepUnarchivedJob, "keep-unarchived-job", o.KeepUnarchivedJob, "The same where the whole log is not in an archive, so that the pod is the only place that has it.")
	o.logFlags(flags)
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

// readNamespaces splits --namespace. A name that stands twice counts once.
func (o *options) readNamespaces() error {
	for name := range strings.SplitSeq(o.namespaces, ",") {
		name = strings.TrimSpace(name)
		switch {
		case o.namespaces == "", slices.Contains(o.Namespaces, name):
		case len(validation.IsDNS1123Label(name)) > 0:
			return fmt.Errorf("--namespace is %q, want names of namespaces with commas between, or nothing for all namespaces", o.namespaces)
		default:
			o.Namespaces = append(o.Namespaces, name)
		}
	}
	return nil
}

func run(ctx context.Context, o options) error {
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&o.zap)))
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding a cluster (set KUBECONFIG or --kubeconfig): %w", err)
	}
	// The API server shares itself out fairly (API Priority and Fairness), so that a limit here would only add a wait. To
	// have watches compressed costs CPU, and saves a network that is near.
	config.QPS, config.DisableCompression = -1, true
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return fmt.Errorf("registering kinds: %w", err)
		}
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
		LeaderElectionReleaseOnCancel: true, // the process ends right after, so that nothing works without the lease
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
