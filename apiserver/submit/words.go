// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import "github.com/taskexec/taskexec/controllers/phrases"

// Catalog has what this package says in all languages: what a dry run foresees, and why a run is refused. Its other
// answers are in English.
var Catalog = &phrases.Catalog{}

// What a dry run foresees.
var (
	sayStarts  = Catalog.Add("it would start at once", "会立即启动")
	sayReplace = Catalog.Add("it would cancel the oldest run, execution %q, and start when that has ended", "会取消最早的执行 %q，等它结束后启动")
	sayQueued  = Catalog.Add("it would be queued: the task %q has %d active and %d queued runs, and runs at most %d at once (spec.concurrency)",
		"会排队：任务 %q 有 %d 个活动的执行和 %d 个排队的执行，最多同时运行 %d 个（spec.concurrency）")
	sayNamespaceFull = Catalog.Add("it would be queued: the namespace has as many active runs as allowed (the controller's --max-running-per-namespace)",
		"会排队：命名空间内活动的执行已达上限（控制器的 --max-running-per-namespace）")
	sayClusterFull = Catalog.Add("it would be queued: the cluster has as many active runs as allowed (the controller's --max-running)",
		"会排队：集群内活动的执行已达上限（控制器的 --max-running）")
	sayKueue     = Catalog.Add("it would wait until Kueue admits its Job to the queue %q", "会等待 Kueue 准许它的 Job 进入队列 %q")
	sayHeld      = Catalog.Add("it would wait until somebody resumes its Job, which the template suspends", "会等待有人恢复它的 Job，因为模板让 Job 处于挂起状态")
	sayKeyAgain  = Catalog.Add("the %s was used before: the answer would be the execution of that request", "这个 %s 已经用过：会返回当时那次请求的执行")
	sayKeyBefore = Catalog.Add("this %s was used with another body, for execution %q; use a new key for a new request",
		"这个 %s 已用于另一个请求体（执行 %q）；新的请求请使用新的键")
)

// Why a run is refused.
var (
	sayBroken    = Catalog.Add("the task %q cannot be run until it is fixed: %s: %s", "任务 %q 修正之前无法执行：%s：%s")
	sayBadSchema = Catalog.Add("the task %q cannot be run until it is fixed: spec.parameters is not a usable JSON Schema: %v",
		"任务 %q 修正之前无法执行：spec.parameters 不是可用的 JSON Schema：%v")
	sayBadCommand = Catalog.Add("the task %q cannot be run until it is fixed: %v", "任务 %q 修正之前无法执行：%v")
	saySuspended  = Catalog.Add("the task %q is suspended and accepts no new runs (spec.suspended)", "任务 %q 已暂停，不接受新的执行（spec.suspended）")
	sayForbidden  = Catalog.Add("the task %q allows at most %d active runs (spec.concurrency), and execution %s is active",
		"任务 %q 最多允许 %d 个活动的执行（spec.concurrency），而执行 %s 正在活动")
	sayQueueFull = Catalog.Add("the queue of the task %q is full: at most %d run at once and %d wait (spec.concurrency); try again when a run has ended",
		"任务 %q 的队列已满：最多同时运行 %d 个、排队 %d 个（spec.concurrency）；请等有执行结束后再试")
	sayBacklogRuns = Catalog.Add("in namespace %q %d runs wait, and at most %d may (--max-waiting-per-namespace): wait until some have started, or cancel some",
		"命名空间 %q 中有 %d 个执行在等待，最多允许 %d 个（--max-waiting-per-namespace）：请等其中一些启动，或取消一些")
	sayBacklogBytes = Catalog.Add("in namespace %q the runs that wait take %d bytes, this one would take %d, and all together may take %d (--max-waiting-bytes-per-namespace): "+
		"wait until some have started, or cancel some, or pass less in the params, such as the address of the data",
		"命名空间 %q 中等待的执行共占 %d 字节，这一个还要占 %d 字节，合计最多允许 %d 字节（--max-waiting-bytes-per-namespace）：请等其中一些启动，或取消一些，或减少参数中的数据，例如只传数据的地址")
	sayNotAllowed = Catalog.Add("%v; POST /tasks/%s/execute/api runs the task without it", "%v；POST /tasks/%s/execute/api 可以不带该设置执行任务")
	sayNotInPlan  = Catalog.Add("%v; change it with PUT /triggers/cron/%s", "%v；请用 PUT /triggers/cron/%s 修改")
	sayPlanParams = Catalog.Add("the task %q does not accept the params of the schedule %q: %s; change them with PUT %s",
		"任务 %q 不接受定时计划 %q 的参数：%s；请用 PUT %s 修改")
	saySensitive = Catalog.Add("execution %q has sensitive params, whose values cannot be read; send all params again, including %s",
		"执行 %q 带有敏感参数，无法读取它们的值；请重新传入全部参数，包括 %s")
)
