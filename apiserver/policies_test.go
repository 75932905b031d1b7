// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// documents returns the manifests in a folder of config.
func documents(t *testing.T, folder string) (all []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "config", folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(string(raw), "\n---\n") {
			if strings.Contains(document, "apiVersion:") {
				all = append(all, document)
			}
		}
	}
	return all
}

func policiesOf(t *testing.T) (all []admissionregistrationv1.ValidatingAdmissionPolicy) {
	t.Helper()
	for _, document := range documents(t, "admission") {
		if !strings.Contains(document, "kind: ValidatingAdmissionPolicy\n") {
			continue
		}
		policy := admissionregistrationv1.ValidatingAdmissionPolicy{}
		if err := yaml.UnmarshalStrict([]byte(document), &policy); err != nil {
			t.Fatal(err)
		}
		all = append(all, policy)
	}
	if len(all) == 0 {
		t.Fatal("there is no policy")
	}
	return all
}

// A field that the policy on schedules does not know could be changed in the update that suspends the schedule.
func TestCase43PolicyKnowsEachFieldOfASchedule(t *testing.T) {
	policies := policiesOf(t)
	at := slices.IndexFunc(policies, func(p admissionregistrationv1.ValidatingAdmissionPolicy) bool { return p.Name == "taskexec-schedule" })
	if at < 0 {
		t.Fatal("there is no policy of schedules")
	}
	known := policies[at].Spec.Variables[0].Expression
	fields := reflect.TypeFor[v1alpha1.TaskScheduleSpec]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		in := strings.Contains(known, "object.spec."+name+" == oldObject.spec."+name+" ") ||
			strings.Contains(known+" ", "object.spec.?"+name+" == oldObject.spec.?"+name+" ")
		if in == (name == "suspend") {
			t.Errorf("%s: it is compared: %t", name, in)
		}
	}
}

// The policies exempt exactly the accounts of config/rbac, and each policy has a binding.
func TestCase44OnlyOurAccountsPass(t *testing.T) {
	var accounts, bound []string
	for _, document := range documents(t, "rbac") {
		account := corev1.ServiceAccount{}
		if strings.Contains(document, "kind: ServiceAccount\n") {
			if err := yaml.Unmarshal([]byte(document), &account); err != nil {
				t.Fatal(err)
			}
		}
		if account.Kind == "ServiceAccount" {
			accounts = append(accounts, "request.userInfo.username != 'system:serviceaccount:"+account.Namespace+":"+account.Name+"'")
		}
	}
	for _, document := range documents(t, "admission") {
		binding := admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
		if !strings.Contains(document, "kind: ValidatingAdmissionPolicyBinding\n") {
			continue
		}
		if err := yaml.UnmarshalStrict([]byte(document), &binding); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(binding.Spec.ValidationActions, []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}) || binding.Spec.MatchResources != nil {
			t.Errorf("%s does not hold everywhere", binding.Name)
		}
		bound = append(bound, binding.Spec.PolicyName)
	}
	for _, p := range policiesOf(t) {
		if !slices.Contains(bound, p.Name) {
			t.Errorf("%s has no binding", p.Name)
		}
		if p.Spec.FailurePolicy == nil || *p.Spec.FailurePolicy != admissionregistrationv1.Fail {
			t.Errorf("%s lets pass what it cannot judge", p.Name)
		}
		for _, c := range p.Spec.MatchConditions {
			if strings.HasPrefix(p.Name, "taskexec-own-") { // these policies apply to one account, the others to everybody else
				c.Expression = strings.Replace(c.Expression, "==", "!=", 1)
			}
			if strings.Contains(c.Expression, "userInfo") && !slices.Contains(accounts, c.Expression) {
				t.Errorf("%s lets somebody pass who is in no ServiceAccount of config/rbac: %s", p.Name, c.Expression)
			}
		}
	}
}
