// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import "github.com/taskexec/taskexec/controllers/phrases"

// Catalog has what this package says about params. Each phrase continues a sentence that begins with the field. What is
// wrong with a schema or with the JSON itself is not in it, and is in English.
var Catalog = &phrases.Catalog{}

// hidden is the only message about a sensitive param that the schema refuses, because another message could quote it.
var hidden = Catalog.Add("does not match the schema; its value is sensitive and not shown", "不符合 Schema；该参数敏感，不显示它的值")

// What the keywords of a schema require.
var (
	sayType          = Catalog.Add("must be %s, not %s", "应为%s，而不是%s")
	sayEnum          = Catalog.Add("must be one of %s", "应为以下之一：%s")
	sayConst         = Catalog.Add("must be %s", "应为 %s")
	sayFormat        = Catalog.Add("is not a valid %s: %v", "不是有效的 %s：%v")
	sayPattern       = Catalog.Add("does not match the pattern %q", "不匹配正则表达式 %q")
	sayNever         = Catalog.Add("is not allowed", "不允许出现")
	sayNot           = Catalog.Add("has an excluded form", "符合了被排除的形式")
	sayOneOf         = Catalog.Add("matches more than one form, but must match exactly one", "同时符合多种形式，只能符合其中一种")
	sayUnique        = Catalog.Add("must not repeat an item, but items %d and %d are equal", "各项不能重复，但第 %d 项与第 %d 项相同（从 0 开始计）")
	sayContains      = Catalog.Add("has no item of the required form", "没有符合要求的项")
	sayName          = Catalog.Add("has a name that is not allowed", "名称不符合要求")
	sayNoForm        = Catalog.Add("matches none of the allowed forms: (%s)", "不符合任何一种允许的形式：（%s）")
	sayRequired      = Catalog.Add("is required", "必填")
	sayRequiredWith  = Catalog.Add("is required when %q is given", "给出 %q 时必填")
	sayUnknown       = Catalog.Add("is not a parameter of this task", "不是该任务的参数")
	sayUnfit         = Catalog.Add("does not match the schema", "不符合 Schema")
	sayMinimum       = Catalog.Add("must be at least %s, not %s", "不能小于 %s，现为 %s")
	sayMaximum       = Catalog.Add("must be at most %s, not %s", "不能大于 %s，现为 %s")
	sayMoreThan      = Catalog.Add("must be more than %s, not %s", "应大于 %s，现为 %s")
	sayLessThan      = Catalog.Add("must be less than %s, not %s", "应小于 %s，现为 %s")
	sayMultiple      = Catalog.Add("must be a multiple of %s, but %s is not", "应为 %s 的倍数，现为 %s")
	sayMinLength     = Catalog.Add("must have at least %d characters, not %d", "至少 %d 个字符，现有 %d 个")
	sayMaxLength     = Catalog.Add("must have at most %d characters, not %d", "最多 %d 个字符，现有 %d 个")
	sayMinItems      = Catalog.Add("must have at least %d items, not %d", "至少 %d 项，现有 %d 项")
	sayMaxItems      = Catalog.Add("must have at most %d items, not %d", "最多 %d 项，现有 %d 项")
	sayMinProperties = Catalog.Add("must have at least %d fields, not %d", "至少 %d 个字段，现有 %d 个")
	sayMaxProperties = Catalog.Add("must have at most %d fields, not %d", "最多 %d 个字段，现有 %d 个")
)

// typeNames are the types of JSON.
var typeNames = map[string]*phrases.Phrase{"null": typeNull, "boolean": typeBoolean, "number": typeNumber, "integer": typeInteger, "string": typeString, "array": typeArray, "object": typeObject}

var (
	typeNull    = Catalog.Add("null", " null（空值）")
	typeBoolean = Catalog.Add("a boolean", "布尔值")
	typeNumber  = Catalog.Add("a number", "数字")
	typeInteger = Catalog.Add("an integer", "整数")
	typeString  = Catalog.Add("a string", "字符串")
	typeArray   = Catalog.Add("an array", "数组")
	typeObject  = Catalog.Add("an object", "对象")
)

// What does not depend on the schema.
var (
	sayTooMuchWork = Catalog.Add("params take too long to validate by the task's schema: send less at once, or let the schema allow fewer items (maxItems) or forms (oneOf, anyOf)",
		"按任务的 Schema 校验参数耗时过长：请减少一次传入的数据，或让 Schema 少允许一些项（maxItems）或形式（oneOf、anyOf）")
	sayNoObject = Catalog.Add("params must be a JSON object", "参数应为 JSON 对象")
	sayTooLarge = Catalog.Add("params with the schema's defaults are larger than a container can get", "参数加上 Schema 的默认值后，超过了容器能接收的大小")
	sayTooLong  = Catalog.Add("is a whole number of more than 64 bits, so Kubernetes would lose digits; send it as a string", "是超过 64 位的整数，Kubernetes 会丢失数位，请以字符串传入")
	sayRounded  = Catalog.Add("is a number with more digits than Kubernetes keeps, about 16; send it as a string", "数位太多，Kubernetes 只保留约 16 位，请以字符串传入")
	sayNoFloat  = Catalog.Add("is a number too large for Kubernetes; send it as a string", "数值太大，Kubernetes 无法保存，请以字符串传入")
	sayTwice    = Catalog.Add("is in both the params and their Secret", "同时出现在参数和对应的 Secret 中")
	sayPlain    = Catalog.Add("is not sensitive in this task, so it belongs in the params, not in a Secret", "在该任务中不是敏感参数，应放在参数里，不应放在 Secret 中")
	sayMore     = Catalog.Add("and %d more", "另有 %d 个")
)

// What has no variable of its own in the container.
var (
	warnNoLetter = Catalog.Add("the param %q has no variable, because its name has no letter from A to Z, no digit and no _; it is only in TASK_PARAMS",
		"参数 %q 没有对应的环境变量：名称中没有英文字母、数字或下划线；它只在 TASK_PARAMS 中")
	warnShared = Catalog.Add("the params %s would share the variable %s, so none of them has it; they are only in TASK_PARAMS",
		"参数 %s 会共用环境变量 %s，因此都没有这个变量；它们只在 TASK_PARAMS 中")
	warnTaken = Catalog.Add("the param %q has no variable, because %s belongs to the param %q; it is only in TASK_PARAMS",
		"参数 %q 没有对应的环境变量：%s 属于参数 %q；它只在 TASK_PARAMS 中")
)

// Separators.
var (
	sayOr     = Catalog.Add(" or ", "或")
	sayOrForm = Catalog.Add(") or (", "）或（")
	sayAnd    = Catalog.Add("; ", "；")
	sayAt     = Catalog.Add("%s: %s", "%s：%s")
)
