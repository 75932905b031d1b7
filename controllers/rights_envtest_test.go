//go:build envtest

package controllers_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/hack/rights"
)

// The account of config/rbac, and the files that have its rules.
const (
	systemNamespace   = "taskexec-system"
	controllerAccount = "taskexec-controller"
	controllerUser    = "system:serviceaccount:" + systemNamespace + ":" + controllerAccount
)

var controllerRules = []string{"controller_cluster_role.yaml", "controller_secrets_role.yaml", "controller_identity_role.yaml"}

// rulesIn opens a file of config/rbac.
func rulesIn(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "config", "rbac", file))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// audited is what the API server logs of the controller's account.
var audited *rights.Log

// auditController has the API server log what the controller's account does. The other tests use another account.
func auditController(environment *envtest.Environment) (stop func(), err error) {
	dir, err := os.MkdirTemp("", "taskexec-audit-")
	if err != nil {
		return nil, err
	}
	if audited, err = rights.NewLog(dir, controllerUser); err != nil {
		return nil, err
	}
	for flag, value := range audited.Flags() {
		environment.ControlPlane.GetAPIServer().Configure().Set(flag, value)
	}
	return func() { _ = os.RemoveAll(dir) }, nil
}

// asController gives the controller's own account its rights of config/rbac, and a token.
func asController(t *testing.T) *rest.Config {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: systemNamespace}}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: systemNamespace, Name: controllerAccount}}
	objects := []client.Object{namespace, account}
	for _, file := range controllerRules {
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(rulesIn(t, file)), 4096)
		for range 2 { // the ClusterRole and its binding
			o := &unstructured.Unstructured{}
			if err := decoder.Decode(o); err != nil {
				t.Fatal(err)
			}
			if o.GetKind() == "RoleBinding" { // as config/all-namespaces has it: each flow has a namespace of its own
				o.SetKind("ClusterRoleBinding")
				o.SetNamespace("")
			}
			objects = append(objects, o)
		}
	}
	for _, o := range objects {
		if err := kube.Create(t.Context(), o); client.IgnoreAlreadyExists(err) != nil {
			t.Fatal(err)
		}
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](3600)}}
	if err := kube.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(apiServer)
	config.BearerToken, config.QPS = request.Status.Token, -1
	own, err := client.New(config, client.Options{Scheme: scheme, Mapper: kube.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the rights hold", func() (bool, any) {
		err := own.List(t.Context(), &corev1.PodList{})
		return err == nil, err
	})
	return config
}

// usedElsewhere are rights that these flows have no use for.
var usedElsewhere = map[rights.Right]bool{
	"get pods/log": true, // no kubelet is here: the end-to-end tests read logs
	"update taskexec.dev/taskexecutions/finalizers": true, // for OwnerReferencesPermissionEnforcement, and never asked for itself
	"patch events.k8s.io/events":                    true, // an Event that is repeated within minutes
	// The caches stream their lists by watches, and list where an API server does not do that.
	"list taskexec.dev/tasks": true, "list taskexec.dev/taskschedules": true, "list taskexec.dev/taskexecutions": true,
	"list batch/jobs": true, "list pods": true,
}

// The operator plays each story of its life under its own account: it is refused nothing, and it uses each of its rights.
func TestCase47OwnRightsOfTheController(t *testing.T) {
	config := asController(t)
	for _, f := range flows {
		t.Run(f.name, func(t *testing.T) {
			ns := namespace(t)
			s := &stage{ns, newWitness(t, ns)}
			t.Cleanup(func() { clearAway(t, ns) })
			operation{config: config, changes: append([]func(*controllers.Options){func(o *controllers.Options) { o.HistoryPace = time.Hour }}, f.changes...)}.runs(t)
			f.act(t, s)
			s.settles(t, s.ns, "all is over", func() (bool, any) { return s.over(f.figures), s.end() })
		})
	}
	t.Run("a pod that cannot be made, and an archive", func(t *testing.T) {
		ns := namespace(t)
		t.Cleanup(func() { clearAway(t, ns) })
		operation{config: config, changes: []func(*controllers.Options){func(o *controllers.Options) {
			o.Archive.URL, o.Archive.SpoolDir = "file://"+t.TempDir(), t.TempDir()
		}}}.runs(t)
		create(t, newTask(ns))
		e := named(t, ns, "run")
		jobOf(t, e)
		eventually(t, "the Events of the Job were read", func() (bool, any) {
			used, err := audited.Of(controllerUser)
			return err == nil && used.Rights["list events"], err
		})
	})
	granted := map[rights.Right]bool{}
	for _, file := range controllerRules {
		in, err := rights.Granted(bytes.NewReader(rulesIn(t, file)))
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(granted, in)
	}
	used, err := audited.Of(controllerUser)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range rights.Compare(used, granted, usedElsewhere) {
		t.Error(wrong)
	}
	t.Logf("used: %s", used)
}
