//go:build envtest

package controllers_test

import (
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/queue"
	"github.com/taskexec/taskexec/hack/manifests"
)

// withRolesOnly makes an account in a namespace of its own and gives it the Roles of config/namespaced in namespaces, and
// no right in others.
func withRolesOnly(t *testing.T, namespaces ...string) *rest.Config {
	t.Helper()
	system := namespace(t)
	roles, err := manifests.Build(t.Context(), "namespaced/rights")
	if err != nil {
		t.Fatal(err)
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: controllerAccount}}
	create(t, account)
	for _, in := range namespaces {
		for _, o := range roles {
			o = o.DeepCopy()
			o.SetNamespace(in)
			if subjects, found, _ := unstructured.NestedSlice(o.Object, "subjects"); found {
				for _, s := range subjects {
					s.(map[string]any)["namespace"] = system
				}
				if err := unstructured.SetNestedSlice(o.Object, subjects, "subjects"); err != nil {
					t.Fatal(err)
				}
			}
			create(t, o)
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
	for _, in := range namespaces {
		eventually(t, "the rights hold in "+in, func() (bool, any) {
			err := own.List(t.Context(), &corev1.PodList{}, client.InNamespace(in))
			return err == nil, err
		})
	}
	return config
}

// With the Roles of config/namespaced in two namespaces the controller runs what is there, sensitive params included, and
// a limit over both holds. It leaves another namespace alone.
func TestCase62ControllerWithRolesOnly(t *testing.T) {
	first, second, other := login(t), login(t), login(t)
	config := withRolesOnly(t, first.Namespace, second.Namespace)
	operation{
		config: config, namespaces: []string{first.Namespace, second.Namespace},
		changes: []func(*controllers.Options){leaky, func(o *controllers.Options) { o.MaxRunning = queue.Limits{Total: 10} }},
	}.runs(t)
	for _, e := range []*v1alpha1.TaskExecution{other, first, second} {
		create(t, loginSecret(e.Namespace))
		create(t, e)
	}
	for _, e := range []*v1alpha1.TaskExecution{first, second} {
		job := jobOf(t, e)
		pod := podOf(t, job)
		runs(t, pod)
		reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
		exits(t, pod, 0, "")
		ends(t, job, "Complete")
		reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
		standsNowhere(t, e.Namespace)
	}
	read(t, other)
	if other.Status.Phase != "" || len(jobs(t, other.Namespace)) > 0 {
		t.Errorf("the run of another namespace is %+v", other.Status)
	}
}
