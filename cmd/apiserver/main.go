// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command apiserver is the REST facade.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
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
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/cmd/internal/account"
	"github.com/taskexec/taskexec/cmd/internal/kubeconfig"
	"github.com/taskexec/taskexec/cmd/internal/version"
	_ "github.com/taskexec/taskexec/controllers/bucket/cloud" // registers the cloud stores
)

type options struct {
	apiserver.Options
	namespaces   string
	waitingBytes resource.QuantityValue
	archiveCache resource.QuantityValue
	// oidcScopes are separated by commas, and oidcSecretFile has the client secret.
	oidcScopes, oidcSecretFile string
	zap                        zap.Options
	version                    bool
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
	flags.StringVar(&o.BindAddress, "bind-address", o.BindAddress, "Address of the API.")
	flags.StringVar(&o.namespaces, "namespace", o.Namespace, "Comma-separated namespaces whose tasks are served. The first is at /tasks. If there are several, each is also at /namespaces/{namespace}/tasks.")
	flags.BoolVar(&o.AllNamespaces, "all-namespaces", o.AllNamespaces, "Also serve the tasks of every namespace, at /namespaces/{namespace}/tasks.")
	flags.Int64Var(&o.MaxBodyBytes, "max-body-bytes", o.MaxBodyBytes, "Maximum size of a request's body in bytes.")
	flags.DurationVar(&o.RequestTimeout, "request-timeout", o.RequestTimeout, "Maximum time of one request.")
	flags.DurationVar(&o.ShutdownDelay, "shutdown-delay", o.ShutdownDelay, "How long to keep serving after /readyz began to fail.")
	flags.DurationVar(&o.ShutdownTimeout, "shutdown-timeout", o.ShutdownTimeout, "How long to wait for open requests at shutdown.")
	flags.StringVar(&o.ArchiveURL, "archive-url", o.ArchiveURL, "The controller's archive of the whole raw logs and of ended runs. Empty means no archive.")
	o.archiveCache.Quantity = *resource.NewQuantity(o.ArchiveCacheBytes, resource.BinarySI)
	flags.Var(&o.archiveCache, "archive-cache-bytes", "Maximum memory for the history of archived runs, such as 64Mi. Lists and statistics of what is in memory need no request to the archive.")
	flags.IntVar(&o.MaxLogReaders, "max-log-readers", o.MaxLogReaders, "Maximum number of logs that are read at once. Beyond it, the answer is 503.")
	flags.StringVar(&o.Auth, "auth", o.Auth, "How callers are authenticated: kubernetes (bearer tokens, which the API server reviews) or none.")
	audiences := strings.Join(o.TokenAudiences, ",")
	flags.StringVar(&audiences, "token-audience", audiences, "Comma-separated audiences, of which a token must have one. Empty means the audience of the API server.")
	flags.StringVar(&o.OIDC.Issuer, "oidc-issuer", "", "URL of an issuer of OpenID Connect, with which people log in to the console. The API server must accept its ID tokens for --oidc-client-id. Empty means no such login.")
	flags.StringVar(&o.OIDC.ClientID, "oidc-client-id", "", "The client ID of the REST API at --oidc-issuer.")
	flags.StringVar(&o.oidcSecretFile, "oidc-client-secret-file", "", "A file with the client secret at --oidc-issuer. Empty means a public client.")
	flags.StringVar(&o.oidcScopes, "oidc-scopes", "profile,email", "Comma-separated scopes to request from --oidc-issuer, besides openid.")
	flags.StringVar(&o.OIDC.RedirectURL, "oidc-redirect-url", "", "The address of /session/oidc/callback as --oidc-issuer knows it. Empty means the host of each request.")
	flags.BoolVar(&o.AllowUnauthenticated, "insecure-allow-unauthenticated", o.AllowUnauthenticated, "Allow --auth=none at an address that other machines can reach.")
	flags.IntVar(&o.MaxInFlight, "max-requests-in-flight", o.MaxInFlight, "Maximum number of requests served at once, not counting streams. One caller gets at most a quarter. Beyond it, the answer is 429.")
	flags.Float64Var(&o.MaxReads, "max-reads-per-second", o.MaxReads, "Maximum reads per second for one caller (burst: ten times that). Beyond it, the answer is 429. 0 means no limit.")
	flags.Float64Var(&o.MaxWrites, "max-writes-per-second", o.MaxWrites, "Maximum writes per second for one caller (burst: ten times that). Beyond it, the answer is 429. 0 means no limit.")
	flags.Float64Var(&o.MaxFailures, "max-failures-per-second", o.MaxFailures, "Maximum invalid tokens per second from one address (burst: ten times that). Beyond it, the answer is 429. 0 means no limit.")
	flags.IntVar(&o.Waiting.Runs, "max-waiting-per-namespace", o.Waiting.Runs, "Maximum number of runs in one namespace that wait for their Job. Beyond it, the answer is 429. 0 means no limit. Set the controller's flag, which decides in the end, to the same value.")
	o.waitingBytes.Quantity = *resource.NewQuantity(o.Waiting.Bytes, resource.BinarySI)
	flags.Var(&o.waitingBytes, "max-waiting-bytes-per-namespace", "Maximum total size, as JSON, of the runs in one namespace that wait for their Job, such as 32Mi. Beyond it, the answer is 429. 0 means no limit. Set the controller's flag to the same value.")
	flags.DurationVar(&o.RecheckInterval, "recheck-interval", o.RecheckInterval, "How often the permission of a stream's caller is checked again.")
	flags.StringVar(&o.IdempotencySecret, "idempotency-secret", o.IdempotencySecret, "The Secret, as namespace/name, whose field \"key\" is the key for hashing Idempotency-Keys on executions. "+
		"It must exist; the facade fills it if it is empty. Without this flag, everyone who can read executions can guess simple keys.")
	flags.StringVar(&o.ClusterID, "cluster-id", o.ClusterID, "What identifies this cluster in the archive, and on new executions, so that a copy of one in another cluster does not run. Empty means the UID of the namespace kube-system. Set the controller's flag to the same value.")
	flags.BoolVar(&o.version, "version", false, "Print the version and exit.")
	ctrl.RegisterFlags(flags)
	o.zap.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is not a flag, and there are no other arguments", flags.Arg(0))
	}
	o.TokenAudiences = strings.FieldsFunc(audiences, func(c rune) bool { return c == ',' })
	o.Waiting.Bytes, o.ArchiveCacheBytes = o.waitingBytes.Value(), o.archiveCache.Value()
	err := o.validate()
	if err == nil {
		err = o.readOIDC()
	}
	return o, err
}

// readOIDC checks the flags of the login with OpenID Connect, and reads the client secret.
func (o *options) readOIDC() error {
	if o.OIDC.Issuer == "" {
		return nil
	}
	issuer, err := url.Parse(o.OIDC.Issuer)
	switch {
	case err != nil, issuer.Host == "", issuer.Scheme != "https" && !web.IsLoopback(issuer.Host):
		return fmt.Errorf("--oidc-issuer is %q, want a URL with https", o.OIDC.Issuer)
	case o.OIDC.ClientID == "":
		return fmt.Errorf("--oidc-client-id is empty, want that of the REST API at --oidc-issuer=%s", o.OIDC.Issuer)
	case o.Auth != apiserver.AuthKubernetes:
		return fmt.Errorf("--oidc-issuer makes no sense with --auth=%s", o.Auth)
	}
	o.OIDC.Scopes = strings.FieldsFunc(o.oidcScopes, func(c rune) bool { return c == ',' || c == ' ' })
	if o.oidcSecretFile == "" {
		return nil
	}
	secret, err := os.ReadFile(o.oidcSecretFile)
	if err != nil {
		return fmt.Errorf("reading the client secret (--oidc-client-secret-file): %w", err)
	}
	o.OIDC.ClientSecret = strings.TrimSpace(string(secret))
	return nil
}

func (o *options) validate() error {
	if err := o.readNamespaces(); err != nil {
		return err
	}
	switch {
	case o.MaxLogReaders < 1:
		return fmt.Errorf("--max-log-readers is %d, want at least 1", o.MaxLogReaders)
	case o.ClusterID != "" && len(validation.IsDNS1123Subdomain(o.ClusterID)) > 0:
		return fmt.Errorf("--cluster-id is %q, want lower-case letters, digits, - and . (at most 253), as for the controller", o.ClusterID)
	case o.ArchiveCacheBytes < 0:
		return fmt.Errorf("--archive-cache-bytes is %d, want 0 or more", o.ArchiveCacheBytes)
	case o.MaxBodyBytes < 1:
		return fmt.Errorf("--max-body-bytes is %d, want at least 1", o.MaxBodyBytes)
	case o.RequestTimeout <= 0, o.ShutdownTimeout <= 0, o.ShutdownDelay < 0:
		return fmt.Errorf("--request-timeout and --shutdown-timeout must be more than 0, and --shutdown-delay 0 or more")
	}
	return o.validateAccess()
}

// readNamespaces splits --namespace. Repeated names count once.
func (o *options) readNamespaces() error {
	var names []string
	for name := range strings.SplitSeq(o.namespaces, ",") {
		name = strings.TrimSpace(name)
		if len(validation.IsDNS1123Label(name)) > 0 {
			return fmt.Errorf("--namespace is %q, want the name of a namespace, or several separated by commas", o.namespaces)
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
	case o.Auth == apiserver.AuthNone && !o.AllowUnauthenticated && !web.IsLoopback(o.BindAddress):
		return fmt.Errorf("with --auth=none everyone who reaches --bind-address=%s could run every task and read every log; "+
			"use an address of this machine only, such as 127.0.0.1:8080, or set --insecure-allow-unauthenticated", o.BindAddress)
	case o.MaxInFlight < 1:
		return fmt.Errorf("--max-requests-in-flight is %d, want at least 1", o.MaxInFlight)
	case o.MaxReads < 0, o.MaxWrites < 0, o.MaxFailures < 0:
		return fmt.Errorf("--max-reads-per-second, --max-writes-per-second and --max-failures-per-second must be 0 or more")
	case o.Waiting.Runs < 0, o.Waiting.Bytes < 0:
		return fmt.Errorf("--max-waiting-per-namespace and --max-waiting-bytes-per-namespace must be 0 or more")
	case o.IdempotencySecret != "" && !isNamespacedName(o.IdempotencySecret):
		return fmt.Errorf("--idempotency-secret is %q, want the name of a Secret as namespace/name", o.IdempotencySecret)
	case o.RecheckInterval < time.Second:
		return fmt.Errorf("--recheck-interval is %s, want at least 1s", o.RecheckInterval)
	}
	return nil
}

// isNamespacedName reports whether a text has the form namespace/name.
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
	klog.SetLogger(o.Log) // for the libraries that authenticate callers
	config, err := kubeconfig.Load("taskexec-apiserver")
	if err != nil {
		return err
	}
	o.Metrics = append(o.Metrics, version.Metric("taskexec_apiserver"))
	return apiserver.Run(ctx, config, o.Options)
}
