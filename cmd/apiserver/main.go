// Command apiserver is the REST facade.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/taskexec/taskexec/apiserver"
	"github.com/taskexec/taskexec/cmd/internal/account"
	"github.com/taskexec/taskexec/cmd/internal/kubeconfig"
	"github.com/taskexec/taskexec/cmd/internal/version"
	_ "github.com/taskexec/taskexec/controllers/logs/archive/cloud" // archives in clouds' stores are read too
)

type options struct {
	apiserver.Options
	namespaces   string
	waitingBytes resource.QuantityValue
	zap          zap.Options
	version      bool
}

func main() {
	o, err := parseFlags(flag.NewFlagSet(os.Args[0], flag.ExitOnError), os.Args[1:])
	if err == nil && o.version {
		fmt.Println(version.Text("taskexec-apiserver"))
		return
	}
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
	flags.StringVar(&o.namespaces, "namespace", o.Namespace, "The namespaces whose tasks are served, with commas between: the first at /tasks, and if there are several, each at /namespaces/{namespace}/tasks.")
	flags.BoolVar(&o.AllNamespaces, "all-namespaces", o.AllNamespaces, "Serve the tasks of every namespace, too, at /namespaces/{namespace}/tasks.")
	flags.Int64Var(&o.MaxBodyBytes, "max-body-bytes", o.MaxBodyBytes, "The most bytes that a request's body may have.")
	flags.DurationVar(&o.RequestTimeout, "request-timeout", o.RequestTimeout, "How long one request may take.")
	flags.DurationVar(&o.ShutdownDelay, "shutdown-delay", o.ShutdownDelay, "How long to go on serving after /readyz said no.")
	flags.DurationVar(&o.ShutdownTimeout, "shutdown-timeout", o.ShutdownTimeout, "How long to wait for requests under way when told to stop.")
	flags.StringVar(&o.ArchiveURL, "archive-url", o.ArchiveURL, "Where the controller keeps the whole raw logs. Empty means nowhere.")
	flags.IntVar(&o.MaxLogReaders, "max-log-readers", o.MaxLogReaders, "How many logs are read at once. Beyond that, the answer is 503.")
	flags.StringVar(&o.Auth, "auth", o.Auth, "How callers are known: kubernetes (bearer tokens, which the API server reviews) or none.")
	audiences := strings.Join(o.TokenAudiences, ",")
	flags.StringVar(&audiences, "token-audience", audiences, "What a token must be made for; several with commas between. Empty means what the API server's own tokens are made for.")
	flags.BoolVar(&o.AllowUnauthenticated, "insecure-allow-unauthenticated", o.AllowUnauthenticated, "Allow --auth=none at an address that other machines reach.")
	flags.IntVar(&o.MaxInFlight, "max-requests-in-flight", o.MaxInFlight, "How many requests are served at once, streams apart. Beyond that, the answer is 429.")
	flags.Float64Var(&o.MaxReads, "max-reads-per-second", o.MaxReads, "How many reads of one caller are answered, ten seconds' worth at once. Beyond that, the answer is 429. 0 means any number.")
	flags.Float64Var(&o.MaxWrites, "max-writes-per-second", o.MaxWrites, "The same for all that is no read.")
	flags.Float64Var(&o.MaxFailures, "max-failures-per-second", o.MaxFailures, "The same for tokens that are not valid, for each address.")
	flags.IntVar(&o.Waiting.Runs, "max-waiting-per-namespace", o.Waiting.Runs, "How many runs of one namespace may wait for their Job. Beyond that, the answer is 429. 0 means any number. Set it as on the controller, which judges in the end.")
	o.waitingBytes.Quantity = *resource.NewQuantity(o.Waiting.Bytes, resource.BinarySI)
	flags.Var(&o.waitingBytes, "max-waiting-bytes-per-namespace", "How much the runs of one namespace that wait may have together, as JSON, such as 32Mi. Beyond that, the answer is 429. 0 means any. Set it as on the controller.")
	flags.DurationVar(&o.RecheckInterval, "recheck-interval", o.RecheckInterval, "How often it is asked again whether the caller of a stream may have it.")
	flags.StringVar(&o.IdempotencySecret, "idempotency-secret", o.IdempotencySecret, "The Secret, as namespace/name, that keys the hashes of Idempotency-Keys on executions. Its field is \"key\". "+
		"It must exist; the facade fills it if it is empty. Without this flag, anybody who can read executions can guess simple keys.")
	flags.BoolVar(&o.version, "version", false, "Print the version and exit.")
	ctrl.RegisterFlags(flags)
	o.zap.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is not a flag, and nothing else is taken", flags.Arg(0))
	}
	o.TokenAudiences = strings.FieldsFunc(audiences, func(c rune) bool { return c == ',' })
	o.Waiting.Bytes = o.waitingBytes.Value()
	err := o.validate()
	return o, err
}

func (o *options) validate() error {
	if err := o.readNamespaces(); err != nil {
		return err
	}
	switch {
	case o.MaxLogReaders < 1:
		return fmt.Errorf("--max-log-readers is %d, want at least 1", o.MaxLogReaders)
	case o.MaxBodyBytes < 1:
		return fmt.Errorf("--max-body-bytes is %d, want at least 1", o.MaxBodyBytes)
	case o.RequestTimeout <= 0, o.ShutdownTimeout <= 0, o.ShutdownDelay < 0:
		return fmt.Errorf("--request-timeout and --shutdown-timeout want to be more than 0, --shutdown-delay not less")
	}
	return o.validateAccess()
}

// readNamespaces splits --namespace. A name that stands twice counts once.
func (o *options) readNamespaces() error {
	var names []string
	for name := range strings.SplitSeq(o.namespaces, ",") {
		name = strings.TrimSpace(name)
		if len(validation.IsDNS1123Label(name)) > 0 {
			return fmt.Errorf("--namespace is %q, want the name of a namespace, or several with commas between", o.namespaces)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 1 && o.AllNamespaces {
		return fmt.Errorf("--namespace is %q with --all-namespaces, want one name: that of the namespace at /tasks", o.namespaces)
	}
	o.Namespace, o.OtherNamespaces = names[0], names[1:]
	return nil
}

func (o *options) validateAccess() error {
	switch {
	case o.Auth != apiserver.AuthKubernetes && o.Auth != apiserver.AuthNone:
		return fmt.Errorf("--auth is %q, want %s or %s", o.Auth, apiserver.AuthKubernetes, apiserver.AuthNone)
	case o.Auth == apiserver.AuthNone && !o.AllowUnauthenticated && !apiserver.IsLoopback(o.BindAddress):
		return fmt.Errorf("with --auth=none everyone who reaches --bind-address=%s could run every task and read every log; "+
			"take an address of this machine only, such as 127.0.0.1:8080, or insist with --insecure-allow-unauthenticated", o.BindAddress)
	case o.MaxInFlight < 1:
		return fmt.Errorf("--max-requests-in-flight is %d, want at least 1", o.MaxInFlight)
	case o.MaxReads < 0, o.MaxWrites < 0, o.MaxFailures < 0:
		return fmt.Errorf("--max-reads-per-second, --max-writes-per-second and --max-failures-per-second want to be 0 or more")
	case o.Waiting.Runs < 0, o.Waiting.Bytes < 0:
		return fmt.Errorf("--max-waiting-per-namespace and --max-waiting-bytes-per-namespace want to be 0 or more")
	case o.IdempotencySecret != "" && !isNamespacedName(o.IdempotencySecret):
		return fmt.Errorf("--idempotency-secret is %q, want the name of a Secret as namespace/name", o.IdempotencySecret)
	case o.RecheckInterval < time.Second:
		return fmt.Errorf("--recheck-interval is %s, want at least 1s", o.RecheckInterval)
	}
	return nil
}

// isNamespacedName reports whether a text is namespace/name of an object.
func isNamespacedName(text string) bool {
	namespace, name, _ := strings.Cut(text, "/")
	return len(validation.IsDNS1123Label(namespace)) == 0 && len(validation.IsDNS1123Subdomain(name)) == 0
}

func run(ctx context.Context, o options) error {
	o.OwnNamespace = account.Namespace(account.NamespaceFile)
	o.Log = zap.New(zap.UseFlagOptions(&o.zap))
	ctrl.SetLogger(o.Log)
	version.Log(o.Log)
	provider, stop, err := tracing(ctx)
	if err != nil {
		return err
	}
	defer stop()
	o.Tracing = provider
	klog.SetLogger(o.Log) // what the libraries say that ask for callers
	config, err := kubeconfig.Load("taskexec-apiserver")
	if err != nil {
		return err
	}
	o.Metrics = append(o.Metrics, version.Metric("taskexec_apiserver"))
	return apiserver.Run(ctx, config, o.Options)
}
