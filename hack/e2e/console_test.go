// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// specs is the folder of the console's specs, which a browser runs.
const specs = "../../apiserver/console/e2e"

// consoleWorld is what the specs find. world.ts has the same fields.
type consoleWorld struct {
	Namespace string `json:"namespace"`
	// Tokens and Users are by role, Tasks by what the specs use them for.
	Tokens map[string]string `json:"tokens"`
	Users  map[string]string `json:"users"`
	Tasks  map[string]string `json:"tasks"`
}

// spec is a line of reporter.ts: a test of the specs that ended.
type spec struct {
	Name         string   `json:"name"`
	Status       string   `json:"status"`
	Milliseconds int64    `json:"milliseconds"`
	Errors       []string `json:"errors"`
	Pictures     []string `json:"pictures"`
}

// A person uses the console in a browser. It has the machine for itself: beside a browser, a kubelet reports late. E2E_SPEC has arguments for Playwright, such as "log.spec.ts" or "-g cancel".
func TestConsole(t *testing.T) {
	withConsole(t)
	withBrowser(t)
	world := consoleWorld{namespace, map[string]string{}, map[string]string{}, map[string]string{}}
	for use, task := range consoleTasks() {
		world.Tasks[use] = given(t, task)
	}
	// Users with the cluster's own role edit are editors.
	for role, clusterRole := range map[string]string{"viewer": "taskexec-viewer", "runner": "taskexec-runner", "editor": "edit", "admin": "taskexec-admin"} {
		world.Users[role] = "e2e-console-" + role
		world.Tokens[role] = withClusterRole(t, world.Users[role], clusterRole)
	}
	runSpecs(t, world)
}

// withConsole skips the test if the facade was built without the console. The API's description does not have its page.
func withConsole(t *testing.T) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/console/", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Skipf("the facade was built without the console: %s", answer.Status)
	}
}

// withBrowser installs what the specs need, or skips the test.
func withBrowser(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "../browser.sh").CombinedOutput()
	if failed := (&exec.ExitError{}); errors.As(err, &failed) && failed.ExitCode() == 77 {
		t.Skipf("%s", out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// withClusterRole creates an account that has a ClusterRole in the namespace, and returns a token of it.
func withClusterRole(t *testing.T, name, role string) string {
	t.Helper()
	account(t, name)
	created(t, &rbacv1.RoleBinding{
		ObjectMeta: objectMeta(name),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: name}},
	})
	made := tokenOf(t, name, audience)
	eventually(t, "the role "+role+" holds", func() (bool, string) {
		r := call(t, "GET", "/tasks", nil, "Authorization", "Bearer "+made)
		return r.code == http.StatusOK, r.text()
	})
	return made
}

// runSpecs runs Playwright. Each test of the specs is a subtest, which appears when it has ended.
func runSpecs(t *testing.T, world consoleWorld) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "npx", append([]string{"playwright", "test"}, strings.Fields(os.Getenv("E2E_SPEC"))...)...)
	command.Dir = specs
	command.Env = append(os.Environ(), "E2E_CONSOLE="+text(world), "E2E_REPORT=lines")
	// The browsers are in the same process group, so that they end with it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 1<<22)
	for scanner.Scan() {
		var one spec
		if json.Unmarshal(scanner.Bytes(), &one) != nil {
			t.Log(scanner.Text())
			continue
		}
		ran++
		t.Run(one.Name, one.judge)
	}
	if err := command.Wait(); err != nil && !t.Failed() {
		t.Errorf("playwright: %v", err)
	}
	if ran == 0 {
		t.Error("no spec ran")
	}
}

// judge gives a test of the specs its result.
func (s spec) judge(t *testing.T) {
	t.Logf("took %s", time.Duration(s.Milliseconds)*time.Millisecond)
	switch s.Status {
	case "passed":
	case "skipped":
		t.Skip(strings.Join(s.Errors, "\n"))
	default:
		t.Errorf("%s: %s\n%s", s.Status, strings.Join(s.Errors, "\n"), strings.Join(s.Pictures, "\n"))
	}
}

// reportSchema has a field of each kind that the form draws.
const reportSchema = `{"type":"object","required":["space"],"additionalProperties":false,"properties":{
	"space":{"type":"string","minLength":1,"maxLength":64},
	"format":{"type":"string","enum":["csv","json"],"default":"csv"},
	"days":{"type":"integer","minimum":1,"maximum":366,"default":7},
	"dry":{"type":"boolean"},
	"columns":{"type":"array","items":{"type":"string","minLength":2},"maxItems":20},
	"target":{"type":"object","required":["host"],"properties":{"host":{"type":"string","minLength":3},"port":{"type":"integer","minimum":1,"maximum":65535}}},
	"password":{"type":"string","minLength":8,"writeOnly":true}}}`

// hostileSchema has names and texts that would do harm in a page which trusts them: a script, an override of the direction of
// text, an escape sequence.
const hostileSchema = `{"type":"object","description":"<script>window.harmed=1</script>","properties":{
	"<img src=x onerror=window.harmed=1>":{"type":"string","title":"<b onmouseover=window.harmed=1>title</b>","description":"\u202edesrever\u202c \u001b[31mred","default":"</textarea><script>window.harmed=1</script>"},
	"text":{"type":"string"},
	"__proto__":{"type":"string"},
	"constructor":{"type":"string"}}}`

// consoleTasks returns the Tasks of the specs.
func consoleTasks() map[string]*v1alpha1.Task {
	report := taskOf(`echo "exporting $TASK_PARAM_DAYS days of $TASK_PARAM_SPACE as $TASK_PARAM_FORMAT"
[ "$TASK_PARAM_FORMAT" != json ] || { echo "level=error msg='no writer for json'" >&2; exit 3; }
sleep 2
echo "the report is written"`)
	report.Spec.Description = "Exports a report"
	report.Spec.Parameters = schema(reportSchema)
	// It prints four lines a second, each with the name of its pod.
	endless := taskOf(`trap 'exit 143' TERM; n=0; while :; do n=$((n+1)); echo "$HOSTNAME line $n"; sleep 0.25; done`)
	endless.Spec.Retries = 2
	patient := patientTaskOf(`trap 'echo "cleaned up"; exit 0' TERM; echo begun; while :; do sleep 0.2; done`)
	hostile := taskOf(`printf '%s\n' "$TASK_PARAM_TEXT" '<script>window.harmed=1</script>' '<img src=x onerror=window.harmed=1>' '{"message":"<svg onload=window.harmed=1>","level":"warn","html":"<script>window.harmed=1</script>"}'
printf 'admin\342\200\256gpj.exe\n\033]8;;javascript:window.harmed=1\007click\033]8;;\007\n\033[31mred\033[0m \033[2J\033[1;1Hover\n\033]0;title\007after\rbefore\nzero\342\200\213width\n'
printf '<script>window.harmed=1</script>' >/dev/termination-log; exit 1`)
	hostile.Spec.Description = `<script>window.harmed=1</script> ` + "\u202edesrever\u202c"
	hostile.Spec.Parameters = schema(hostileSchema)
	long := taskOf(`i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "entry $i"; done; echo "needle in the end"`)
	// Runs of these two wait for each other. They are of different specs, which run side by side.
	const untilCancelled = `trap 'exit 0' TERM; echo begun; while :; do sleep 0.2; done`
	one := limitedTo(patientTaskOf(untilCancelled), v1alpha1.ConcurrencyQueue, 1)
	busy := limitedTo(patientTaskOf(untilCancelled), v1alpha1.ConcurrencyQueue, 1)
	many := patientTaskOf(untilCancelled)
	return map[string]*v1alpha1.Task{
		"report": report, "endless": endless, "patient": patient, "hostile": hostile, "long": long, "one": one, "busy": busy, "many": many,
	}
}
