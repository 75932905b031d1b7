// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/params"
)

// expand does what the kubelet does with a variable's value (k8s.io/kubernetes third_party/forked/golang/expansion): $$
// becomes a dollar, and $(NAME) the variable's value. If the variable does not exist, $(NAME) stays.
func expand(value string, known map[string]string) string {
	return expandWith(value, func(name string) string {
		if v, ok := known[name]; ok {
			return v
		}
		return "$(" + name + ")"
	})
}

func expandWith(value string, mapping func(name string) string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] != '$' || i+1 == len(value) {
			b.WriteByte(value[i])
			continue
		}
		switch rest := value[i+1:]; {
		case rest[0] == '$':
			b.WriteByte('$')
			i++
		case rest[0] == '(' && strings.Contains(rest, ")"):
			name := rest[1:strings.Index(rest, ")")]
			b.WriteString(mapping(name))
			i += len(name) + 2
		default:
			b.WriteByte('$')
		}
	}
	return b.String()
}

// inContainer returns the variables as a container sees them.
func inContainer(env []corev1.EnvVar) map[string]string {
	seen := map[string]string{}
	for _, e := range env {
		seen[e.Name] = expand(e.Value, seen)
	}
	return seen
}

func TestEnvironment(t *testing.T) {
	cases := map[string]struct {
		params string
		want   map[string]string // besides the three that are always there
	}{
		"no params give no more":                         {`{}`, nil},
		"a string comes without its quotes":              {`{"path":"/data"}`, map[string]string{"TASK_PARAM_PATH": "/data"}},
		"an empty string is a value":                     {`{"path":""}`, map[string]string{"TASK_PARAM_PATH": ""}},
		"a number stays as it was written":               {`{"mid":12345678901234567890,"r":1.50}`, map[string]string{"TASK_PARAM_MID": "12345678901234567890", "TASK_PARAM_R": "1.50"}},
		"even one that no float holds":                   {`{"mid":1e400}`, map[string]string{"TASK_PARAM_MID": "1e400"}},
		"a boolean is true or false":                     {`{"force":true,"dry":false}`, map[string]string{"TASK_PARAM_FORCE": "true", "TASK_PARAM_DRY": "false"}},
		"null, lists and objects have none":              {`{"a":null,"b":[1],"c":{"d":1}}`, nil},
		"a dollar is a dollar":                           {`{"p":"$5 $$ $"}`, map[string]string{"TASK_PARAM_P": "$5 $$ $"}},
		"a reference is not followed":                    {`{"p":"$(TASK_NAME) $$(TASK_NAME)"}`, map[string]string{"TASK_PARAM_P": "$(TASK_NAME) $$(TASK_NAME)"}},
		"nor is a command run":                           {`{"p":"$(rm -rf /)"}`, map[string]string{"TASK_PARAM_P": "$(rm -rf /)"}},
		"lines stay lines":                               {`{"p":"a\nb\r\n\tc"}`, map[string]string{"TASK_PARAM_P": "a\nb\r\n\tc"}},
		"unicode stays what it is":                       {`{"p":"同步 \ud83d\ude00 é"}`, map[string]string{"TASK_PARAM_P": "同步 😀 é"}},
		"a string with NUL is in TASK_PARAMS only":       {`{"p":"a\u0000b","q":"c"}`, map[string]string{"TASK_PARAM_Q": "c"}},
		"a name becomes one that a shell can say":        {`{"user-id.v2":1}`, map[string]string{"TASK_PARAM_USER_ID_V2": "1"}},
		"an = in a name does not end it":                 {`{"a=b":1}`, map[string]string{"TASK_PARAM_A_B": "1"}},
		"of several names for one variable, none has it": {`{"a_b":"under","a-b":"dash","A.B":"dot"}`, nil},
		"nor where one of them is no scalar":             {`{"a-b":[1],"a_b":"under"}`, nil},
		"names beyond ASCII have no variable":            {`{"名":"x","字":"y"}`, nil},
		"nor has a name of nothing":                      {`{"":"x"}`, nil},
		"a param cannot take one of our names":           {`{"s":"x","name":"y"}`, map[string]string{"TASK_PARAM_S": "x", "TASK_PARAM_NAME": "y"}},
		"white space around a value is not part of it":   {"{ \"a\" :  1 \n, \"b\" : \" x \" }", map[string]string{"TASK_PARAM_A": "1", "TASK_PARAM_B": " x "}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			env, err := environment(new(params.Schema), "sync", "run-1", []byte(c.params))
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{EnvTaskName: "sync", EnvExecutionID: "run-1", EnvParams: c.params}
			for key, value := range c.want {
				want[key] = value
			}
			if diff := cmp.Diff(want, inContainer(env)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(env) != len(want) {
				t.Errorf("a name is there twice: %v", env)
			}
			for _, e := range env {
				for _, problem := range validation.IsEnvVarName(e.Name) {
					t.Errorf("%q: %s", e.Name, problem)
				}
				if strings.ContainsRune(e.Value, 0) {
					t.Errorf("%s has a NUL, and no process can be started with it", e.Name)
				}
			}
		})
	}
}

func TestEnvironmentOfNoObject(t *testing.T) {
	for name, given := range map[string]string{
		"nothing":        "",
		"a list":         `[1]`,
		"a string":       `"a"`,
		"half an object": `{"a":1`,
		"two objects":    `{} {}`,
		"no JSON":        `mid=1`,
		"a NUL as it is": "{\"a\":\"\x00\"}",
	} {
		t.Run(name, func(t *testing.T) {
			if env, err := environment(new(params.Schema), "sync", "run-1", []byte(given)); err == nil {
				t.Errorf("no error, but %v", env)
			}
		})
	}
}

// Linux does not start a process with a variable of more than 128 KiB (MAX_ARG_STRLEN).
func TestLargestParamsFitAVariable(t *testing.T) {
	const perVariable = 128 << 10
	value := strings.Repeat("$", v1alpha1.MaxParamsBytes-len(`{"p":""}`))
	env, err := environment(new(params.Schema), "sync", "run-1", []byte(`{"p":"`+value+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range inContainer(env) {
		if len(name)+1+len(v)+1 > perVariable {
			t.Errorf("%s takes %d bytes", name, len(v))
		}
	}
	if got := inContainer(env)["TASK_PARAM_P"]; got != value {
		t.Errorf("%d dollars became %d", len(value), len(got))
	}
}

func TestTaskParamsIsReadBackAsItWasGiven(t *testing.T) {
	given := `{"a":"$(HOME) \"quoted\" \\ <script>","b":[{"c":1e400}],"名":"\u0000"}`
	env, err := environment(new(params.Schema), "sync", "run-1", []byte(given))
	if err != nil {
		t.Fatal(err)
	}
	got := inContainer(env)[EnvParams]
	if got != given || !json.Valid([]byte(got)) {
		t.Errorf("got %s, want %s", got, given)
	}
}

func TestWithEnvironment(t *testing.T) {
	plain := func(pairs ...string) (env []corev1.EnvVar) {
		for i := 0; i < len(pairs); i += 2 {
			env = append(env, corev1.EnvVar{Name: pairs[i], Value: pairs[i+1]})
		}
		return env
	}
	secret := corev1.EnvVar{Name: "TOKEN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{Key: "token"}}}
	cases := map[string]struct {
		theirs []corev1.EnvVar
		want   []corev1.EnvVar
	}{
		"only ours":                          {nil, plain("TASK_NAME", "sync")},
		"ours come first, to be referred to": {plain("X", "$(TASK_NAME)"), plain("TASK_NAME", "sync", "X", "$(TASK_NAME)")},
		"theirs of our name goes":            {plain("TASK_NAME", "other", "X", "1"), plain("TASK_NAME", "sync", "X", "1")},
		"order and repetitions are kept":     {plain("B", "1", "A", "2", "B", "3"), plain("TASK_NAME", "sync", "B", "1", "A", "2", "B", "3")},
		"a secret stays a reference":         {[]corev1.EnvVar{secret}, append(plain("TASK_NAME", "sync"), secret)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ours := plain("TASK_NAME", "sync")
			if diff := cmp.Diff(c.want, withEnvironment(ours, c.theirs)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Containers share the result of environment. Appending to one must not write into another's.
func TestWithEnvironmentSharesNothing(t *testing.T) {
	ours := make([]corev1.EnvVar, 1, 8)
	ours[0].Name = "TASK_NAME"
	a := withEnvironment(ours, []corev1.EnvVar{{Name: "A"}})
	b := withEnvironment(ours, []corev1.EnvVar{{Name: "B"}})
	if a[1].Name != "A" || b[1].Name != "B" {
		t.Errorf("got %v and %v", a, b)
	}
}

// A sensitive param is a reference and the first variable. No other variable has its name.
func TestSecretEnvironment(t *testing.T) {
	execution := anExecution().Obj()
	execution.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "login", Names: []string{"pin", "api-key"}}
	task := aTask().Obj()
	task.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"properties":{"api-key":{"type":"string","writeOnly":true},"pin":{"type":"integer","writeOnly":true}}}`)}
	job, err := Build(task, execution, []byte(`{"api_key":"plain","user":"ann"}`))
	if err != nil {
		t.Fatal(err)
	}
	env := job.Spec.Template.Spec.Containers[0].Env
	from := func(name, key string) corev1.EnvVar {
		return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "login"}, Key: key,
		}}}
	}
	want := []corev1.EnvVar{
		from("TASK_PARAM_API_KEY", "api-key"),
		from("TASK_PARAM_PIN", "pin"),
		{Name: "TASK_NAME", Value: job.Labels[v1alpha1.LabelTask]},
		{Name: "TASK_EXECUTION_ID", Value: execution.Name},
		{Name: "TASK_PARAMS", Value: `{"api_key":"plain","user":"ann"}`},
		{Name: "TASK_PARAM_USER", Value: "ann"},
	}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
