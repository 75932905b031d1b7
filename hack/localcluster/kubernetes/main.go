// Command kubernetes combines etcd and all Kubernetes programs of a single node in one binary. Like busybox, it runs the
// program whose name it was called by. So seven programs are symbolic links to one binary, and need only one link step,
// which is by far the slowest part of the build.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	_ "time/tzdata" // CronJobs need time zones, and a machine may have no zone files

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // kubectl's credential plugins
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// programs has constructors instead of commands, because creating a command registers flags and defaults that the
// other programs must not see.
var programs = map[string]func() int{
	"kube-apiserver":          daemon(func() *cobra.Command { return apiserver.NewAPIServerCommand() }),
	"kube-controller-manager": daemon(func() *cobra.Command { return controllermanager.NewControllerManagerCommand() }),
	"kube-scheduler":          daemon(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"kube-proxy":              daemon(func() *cobra.Command { return proxy.NewProxyCommand() }),
	"kubelet":                 daemon(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }),
	"kubectl":                 kubectl,
	"etcd":                    etcd,
}

func main() {
	name := filepath.Base(os.Args[0])
	run, ok := programs[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: call me by a link named etcd, kubectl, kubelet, kube-apiserver, "+
			"kube-controller-manager, kube-scheduler or kube-proxy\n", name)
		os.Exit(2)
	}
	os.Exit(run())
}

func daemon(command func() *cobra.Command) func() int {
	return func() int { return cli.Run(command()) }
}

// kubectl follows k8s.io/kubernetes/cmd/kubectl. It reads the verbosity before it creates the command, because
// creating the command already handles plugins and .kuberc.
func kubectl() int {
	logs.GlogSetter(cmd.GetLogVerbosity(os.Args)) //nolint:errcheck // as upstream: a bad level is reported by the flag parser
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
	return 0
}

func etcd() int {
	etcdmain.Main(os.Args)
	return 0
}
