// Command apiserver is the REST facade.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/util/validation"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/taskexec/taskexec/apiserver"
)

type options struct {
	apiserver.Options
	zap zap.Options
}

func main() {
	o, err := parseFlags(flag.NewFlagSet(os.Args[0], flag.ExitOnError), os.Args[1:])
	if err == nil {
		err = run(ctrl.SetupSignalHandler(), o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "apiserver:", err)
		os.Exit(1)
	}
}

func parseFlags(flags *flag.FlagSet, args []string) (options, error) {
	o := options{Options: apiserver.DefaultOptions(), zap: zap.Options{TimeEncoder: zapcore.RFC3339NanoTimeEncoder}}
	flags.StringVar(&o.BindAddress, "bind-address", o.BindAddress, "Where the API is served.")
	flags.StringVar(&o.Namespace, "namespace", o.Namespace, "The namespace whose tasks are served.")
	flags.Int64Var(&o.MaxBodyBytes, "max-body-bytes", o.MaxBodyBytes, "The most bytes that a request's body may have.")
	flags.DurationVar(&o.RequestTimeout, "request-timeout", o.RequestTimeout, "How long one request may take.")
	flags.DurationVar(&o.ShutdownDelay, "shutdown-delay", o.ShutdownDelay, "How long to go on serving after /readyz said no.")
	flags.DurationVar(&o.ShutdownTimeout, "shutdown-timeout", o.ShutdownTimeout, "How long to wait for requests under way when told to stop.")
	ctrl.RegisterFlags(flags)
	o.zap.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is not a flag, and nothing else is taken", flags.Arg(0))
	}
	err := o.validate()
	return o, err
}

func (o *options) validate() error {
	switch {
	case len(validation.IsDNS1123Label(o.Namespace)) > 0:
		return fmt.Errorf("--namespace is %q, want the name of a namespace", o.Namespace)
	case o.MaxBodyBytes < 1:
		return fmt.Errorf("--max-body-bytes is %d, want at least 1", o.MaxBodyBytes)
	case o.RequestTimeout <= 0, o.ShutdownTimeout <= 0, o.ShutdownDelay < 0:
		return fmt.Errorf("--request-timeout and --shutdown-timeout want to be more than 0, --shutdown-delay not less")
	}
	return nil
}

func run(ctx context.Context, o options) error {
	o.Log = zap.New(zap.UseFlagOptions(&o.zap))
	ctrl.SetLogger(o.Log)
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding a cluster (set KUBECONFIG or --kubeconfig): %w", err)
	}
	return apiserver.Run(ctx, config, o.Options)
}
