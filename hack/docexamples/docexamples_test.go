package docexamples

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	_ "github.com/taskexec/taskexec/controllers/logs/archive/cloud" // the clients for the URLs of the documents
	"github.com/taskexec/taskexec/hack/manifests"
)

const root = "../.."

func documents(t *testing.T) []Page {
	t.Helper()
	pages, err := Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func TestEachShellExampleIsMarked(t *testing.T) {
	run := 0
	for _, page := range documents(t) {
		for i := range page.Blocks {
			block := &page.Blocks[i]
			if block.Info == "" {
				t.Errorf("%s, line %d: the block says no language", page.Path, block.Line)
			}
			if !block.IsShell() {
				continue
			}
			mark, err := block.Mark()
			switch {
			case block.Language() != "sh":
				t.Errorf("%s, line %d: the language is %s, want sh", page.Path, block.Line, block.Language())
			case err != nil:
				t.Errorf("%s: %v", page.Path, err)
			case mark != NoRun:
				run++
			}
		}
	}
	if run < 20 {
		t.Errorf("only %d blocks are run", run)
	}
}

// A page that promises to run is at least valid shell.
func TestScriptsAreShell(t *testing.T) {
	for _, page := range documents(t) {
		script, err := Script(&page)
		if err != nil {
			t.Error(err)
			continue
		}
		check := exec.CommandContext(t.Context(), "bash", "-n")
		check.Stdin = strings.NewReader(script)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", page.Path, err, out)
		}
	}
}

func TestBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []Block
		says string
	}{
		"none":               {"text with `code`\n", nil, ""},
		"one":                {"a\n```sh run\nls\n```\n", []Block{{Line: 2, Info: "sh run", Code: "ls\n"}}, ""},
		"no language":        {"```\nx\n```\n", []Block{{Line: 1, Code: "x\n"}}, ""},
		"a fence in a fence": {"````md\n```sh\n```\n````\n", []Block{{Line: 1, Info: "md", Code: "```sh\n```\n"}}, ""},
		"not closed":         {"```sh run\nls\n", nil, "line 1 is not closed"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Blocks(c.text)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got the error %v, want %q", err, c.says)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("got %+v, want %+v", got[i], c.want[i])
				}
			}
		})
	}
}

func TestScript(t *testing.T) {
	page := Page{Path: "x.md", Blocks: []Block{
		{Line: 1, Info: "sh run", Code: "a=1\n"}, {Line: 5, Info: "json", Code: "{}\n"},
		{Line: 9, Info: "sh refused", Code: "false | cat\n"}, {Line: 13, Info: "sh norun", Code: "exit 7\n"},
		{Line: 17, Info: "sh run", Code: "test $a = 1\n"},
	}}
	for name, c := range map[string]struct {
		page  Page
		works bool
	}{
		"as marked":             {page, true},
		"what was not refused":  {Page{Blocks: []Block{{Info: "sh refused", Code: "true\n"}}}, false},
		"what does not succeed": {Page{Blocks: []Block{{Info: "sh run", Code: "false | cat\n"}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			script, err := Script(&c.page)
			if err != nil {
				t.Fatal(err)
			}
			run := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
			if out, err := run.CombinedOutput(); (err == nil) != c.works {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	if _, err := Script(&Page{Path: "x.md", Blocks: []Block{{Line: 3, Info: "sh"}}}); err == nil || !strings.Contains(err.Error(), "x.md: line 3") {
		t.Errorf("a block without a mark: %v", err)
	}
}

// repository is how the kustomizations of the documents name this repository.
const repository = "github.com/taskexec/taskexec/"

// Each kustomization of the documents builds, and what it gives as --archive-url can be opened.
func TestKustomizationsOfTheDocuments(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
		"STORAGE_EMULATOR_HOST": "127.0.0.1:1", // no credentials of Google are there
	} {
		t.Setenv(name, value)
	}
	schemes := map[string]bool{}
	for _, page := range documents(t) {
		if strings.HasPrefix(page.Path, "docs/zh/") {
			continue // the same, as another test sees to
		}
		for i := range page.Blocks {
			if page.Blocks[i].Info != "yaml kustomization" {
				continue
			}
			for _, o := range built(t, page.Blocks[i].Code) {
				for _, address := range archiveURLs(t, o) {
					scheme, _, _ := strings.Cut(address, "://")
					schemes[scheme] = true
					if scheme == "file" {
						continue // a folder of the container
					}
					bucket, err := archive.Open(t.Context(), address)
					if err != nil {
						t.Errorf("%s, line %d: %v", page.Path, page.Blocks[i].Line, err)
						continue
					}
					_ = bucket.Close() // nothing was written
				}
			}
		}
	}
	if len(schemes) < 4 {
		t.Errorf("the documents show archives of the kinds %v only", schemes)
	}
}

// built returns the objects of a kustomization, which takes the rest from this checkout.
func built(t *testing.T, kustomization string) []*unstructured.Unstructured {
	t.Helper()
	folder := t.TempDir()
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	back, err := filepath.Rel(folder, absolute)
	if err != nil {
		t.Fatal(err)
	}
	kustomization = strings.ReplaceAll(strings.ReplaceAll(kustomization, "?ref=v0.1.0", ""), repository, filepath.ToSlash(back)+"/")
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(filepath.Join(absolute, "config"), folder)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifests.Build(t.Context(), relative)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// archiveURLs returns the values of --archive-url of a Deployment. A Deployment of these kustomizations has one, if its page
// is about archives.
func archiveURLs(t *testing.T, o *unstructured.Unstructured) (all []string) {
	t.Helper()
	if o.GetKind() != "Deployment" {
		return nil
	}
	containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) == 0 {
		t.Fatalf("the containers of %s: %v", o.GetName(), err)
	}
	args, _, err := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
	if err != nil {
		t.Fatal(err)
	}
	for _, arg := range args {
		if address, is := strings.CutPrefix(arg, "--archive-url="); is {
			all = append(all, address)
		}
	}
	return all
}
