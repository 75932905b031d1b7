// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package scripts tests the decisions of the shell scripts in hack/. Fakes replace the programs that the scripts run.
package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	localKubeconfig = "/local/kubeconfig"
	otherKubeconfig = "/other/kubeconfig"
)

// checkout is a folder with the scripts, in which only fakes can run.
type checkout struct {
	folder, path string
}

func newCheckout(t *testing.T, fakes map[string]string) checkout {
	t.Helper()
	c := checkout{folder: t.TempDir(), path: t.TempDir()}
	for _, tool := range []string{"bash", "basename", "cat", "cut", "dirname", "env", "grep", "mkdir", "rm", "sed", "sha256sum", "sleep", "timeout", "xargs"} {
		program, err := exec.LookPath(tool)
		if err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(program, filepath.Join(c.path, tool)); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"hack", "bin"} {
		if err := os.Mkdir(filepath.Join(c.folder, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	scripts, err := filepath.Glob("../*.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		raw, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(c.folder, "hack", filepath.Base(script)), string(raw))
	}
	write(t, filepath.Join(c.folder, "bin", "localcluster"), "#!/bin/sh\necho "+localKubeconfig+"\n")
	for name, body := range fakes {
		write(t, filepath.Join(c.path, name), "#!/bin/sh\n"+body+"\n")
	}
	return c
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// run runs a bash command in the checkout and returns its output.
func (c checkout) run(t *testing.T, command string, environment ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, problems strings.Builder
	bash := exec.CommandContext(t.Context(), filepath.Join(c.path, "bash"), "-euo", "pipefail", "-c", command)
	bash.Dir, bash.Stdout, bash.Stderr = c.folder, &out, &problems
	bash.Env = append([]string{"PATH=" + c.path, "HOME=" + c.folder}, environment...)
	err = bash.Run()
	return strings.TrimSpace(out.String()), problems.String(), err
}

func TestWhichClusterRunUses(t *testing.T) {
	docker := map[string]string{"kind": "true", "docker": "true"}
	for name, c := range map[string]struct {
		fakes       map[string]string
		built       bool
		environment []string
		want        string
		says        string
	}{
		"nothing is there":                  {want: "local"},
		"kind without Docker":               {fakes: map[string]string{"kind": "true"}, want: "local"},
		"Docker that does not answer":       {fakes: map[string]string{"kind": "true", "docker": "false"}, want: "local"},
		"kind, and nobody to ask":           {fakes: docker, want: "local", says: "CLUSTER=kind takes about a minute"},
		"kind, in CI":                       {fakes: docker, environment: []string{"CI=true"}, want: "local", says: "CLUSTER=kind"},
		"kind, and Kubernetes was built":    {fakes: docker, built: true, want: "local"},
		"kind is requested":                 {fakes: docker, built: true, environment: []string{"CLUSTER=kind"}, want: "kind"},
		"kind is requested and missing":     {environment: []string{"CLUSTER=kind"}, says: "needs kind and docker on the PATH"},
		"local is requested":                {fakes: docker, environment: []string{"CLUSTER=local"}, want: "local"},
		"local although another is at hand": {environment: []string{"CLUSTER=local", "KUBECONFIG=" + otherKubeconfig}, want: "local"},
		"a word that means nothing":         {environment: []string{"CLUSTER=k3d"}, says: "want local or kind"},
		"another cluster":                   {fakes: docker, environment: []string{"KUBECONFIG=" + otherKubeconfig}, want: "given"},
		"the local cluster's own":           {fakes: docker, built: true, environment: []string{"KUBECONFIG=" + localKubeconfig}, want: "local"},
	} {
		t.Run(name, func(t *testing.T) {
			checkout := newCheckout(t, c.fakes)
			if c.built {
				built := filepath.Join(checkout.folder, ".cache/taskexec/localcluster/kubernetes-v1")
				if err := os.MkdirAll(built, 0o755); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(built, "kubectl"), "")
			}
			got, stderr, err := checkout.run(t, ". hack/operator.sh; . hack/cluster.sh; choose_cluster", c.environment...)
			if got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("%q, %v, want %q: %s", got, err, c.want, stderr)
			}
			if !strings.Contains(stderr, c.says) || (c.says == "" && stderr != "") {
				t.Errorf("it says %q, want %q", stderr, c.says)
			}
		})
	}
}

const fakeKubectl = `case "$*" in
  "config current-context") echo production ;;
  "config view"*) echo https://cluster.example.com ;;
  *) echo "$@" >>calls; exit 1 ;;
esac`

// The scripts do not change somebody's cluster only because KUBECONFIG is set.
func TestEndToEndTestsNeedLeaveToInstall(t *testing.T) {
	for _, script := range []string{"hack/e2e.sh true", "hack/test.sh unit e2e"} {
		c := newCheckout(t, map[string]string{"kubectl": fakeKubectl, "go": "echo 0"})
		_, stderr, err := c.run(t, script, "KUBECONFIG="+otherKubeconfig)
		if err == nil || !strings.Contains(stderr, "context production (https://cluster.example.com)") || !strings.Contains(stderr, "E2E_INSTALL=true") {
			t.Errorf("%s: %v, and it says %q", script, err, stderr)
		}
		if calls, err := os.ReadFile(filepath.Join(c.folder, "calls")); err == nil {
			t.Errorf("%s: it ran kubectl %s", script, calls)
		}
	}
}

// With permission, the script says what it will do before it does anything.
func TestEndToEndTestsSayWhereTheyInstall(t *testing.T) {
	c := newCheckout(t, map[string]string{"kubectl": fakeKubectl, "kustomize": "echo"})
	stdout, stderr, err := c.run(t, "hack/e2e.sh true", "KUBECONFIG="+otherKubeconfig, "E2E_INSTALL=true", "REGISTRY=r", "TAG=t")
	if err == nil {
		t.Error("it goes on although kubectl fails")
	}
	if !strings.Contains(stdout, "Installing Taskexec in the cluster of the context production") {
		t.Errorf("it says %q %q", stdout, stderr)
	}
}

func TestAssetsThatAreGivenMustBeComplete(t *testing.T) {
	c := newCheckout(t, map[string]string{"go": "echo 0"})
	write(t, filepath.Join(c.folder, "bin", "etcd"), "")
	stdout, stderr, err := c.run(t, "hack/test.sh envtest", "KUBEBUILDER_ASSETS="+c.folder+"/bin")
	if err == nil || !strings.Contains(stdout+stderr, "no program kube-apiserver in KUBEBUILDER_ASSETS") {
		t.Errorf("%v, and it says %q %q", err, stdout, stderr)
	}
}

// On kind, the port of the REST API is published, and the images come from this checkout.
func TestKindGetsPortAndImages(t *testing.T) {
	record := `{ echo "$(basename "$0") $*"; cat; } </dev/stdin >>calls`
	c := newCheckout(t, map[string]string{"kind": record, "docker": record, "kubectl": "true"})
	for _, program := range []string{"controller", "controller-cloud", "apiserver"} {
		write(t, filepath.Join(c.folder, "bin", program), program)
	}
	_, stderr, err := c.run(t, ". hack/operator.sh; . hack/cluster.sh; kind_up 8090 </dev/null; kind_load_images taskexec </dev/null")
	if err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	calls, err := os.ReadFile(filepath.Join(c.folder, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	rest := string(calls)
	for _, want := range []string{
		"kind create cluster --name taskexec", "{containerPort: 30080, hostPort: 8090,",
		"docker exec taskexec-control-plane install -d -o 65532",
		"docker build --quiet --tag ghcr.io/taskexec/controller:dev-", "COPY controller controller-cloud /", `ENTRYPOINT ["/controller"]`,
		"kind load docker-image --name taskexec ghcr.io/taskexec/controller:dev-",
		"docker build --quiet --tag ghcr.io/taskexec/apiserver:dev-", "COPY apiserver /",
		"kind load docker-image --name taskexec ghcr.io/taskexec/apiserver:dev-",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("%q is missing, or too late, in\n%s", want, calls)
		}
		rest = after
	}
}
