// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"testing"

	"github.com/taskexec/taskexec/controllers/phrases"
	"github.com/taskexec/taskexec/controllers/phrases/phrasestest"
)

func TestEachPhraseIsWholeInEachLanguage(t *testing.T) { phrasestest.Check(t, Catalog, ".") }

// What is wrong with params is said in Chinese too, and the pointers are the same.
func TestProblemsInChinese(t *testing.T) {
	for name, c := range map[string]struct{ schema, given, pointer, says string }{
		"required":      {`{"required":["mid"]}`, `{}`, "/mid", "必填"},
		"unknown":       {`{"additionalProperties":false}`, `{"x":1}`, "/x", "不是该任务的参数"},
		"type":          {`{"properties":{"n":{"type":["integer","null"]}}}`, `{"n":"1"}`, "/n", "应为 null（空值）或整数，而不是字符串"},
		"enum":          {`{"properties":{"n":{"enum":["a",2]}}}`, `{"n":"b"}`, "/n", `应为以下之一："a", 2`},
		"minimum":       {`{"properties":{"n":{"minimum":1}}}`, `{"n":0}`, "/n", "不能小于 1，现为 0"},
		"length":        {`{"properties":{"n":{"maxLength":1}}}`, `{"n":"ab"}`, "/n", "最多 1 个字符，现有 2 个"},
		"no form":       {`{"properties":{"n":{"anyOf":[{"type":"string"},{"required":["a"],"type":"object"}]}}}`, `{"n":1}`, "/n", "不符合任何一种允许的形式：（应为字符串，而不是数字）或（应为对象，而不是数字）"},
		"only one form": {`{"properties":{"n":{"anyOf":[{"type":"string"}]}}}`, `{"n":1}`, "/n", "应为字符串，而不是数字"},
		"no object":     {`{}`, `[]`, "", "参数应为 JSON 对象"},
		"not JSON":      {`{}`, `{`, "", "not valid JSON at byte 1: it ends too early"},
	} {
		t.Run(name, func(t *testing.T) {
			schema, err := Compile([]byte(c.schema))
			if err != nil {
				t.Fatal(err)
			}
			_, problems := schema.Apply([]byte(c.given))
			if len(problems) != 1 || problems[0].Pointer != c.pointer || problems[0].In(phrases.Chinese) != c.says || problems[0].In(phrases.English) != problems[0].Message {
				t.Errorf("got %+v, in Chinese %s", problems, problems.Text().In(phrases.Chinese))
			}
		})
	}
	if problems := Unstorable([]byte(`{"n":12345678901234567890}`)); len(problems) != 1 || problems[0].In(phrases.Chinese) != "是超过 64 位的整数，Kubernetes 会丢失数位，请以字符串传入" {
		t.Errorf("got %+v", problems)
	}
}
