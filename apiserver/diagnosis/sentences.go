// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import "github.com/taskexec/taskexec/controllers/phrases"

// Catalog has all that this package says. A %s is often a clause that may be empty.
var Catalog = &phrases.Catalog{}

// Sentences about cancelled runs. The first %s of each is sayWhoAndWhy.
var (
	sayCancelling            = Catalog.Add("It is being cancelled%s; its containers are asked to stop.", "正在取消%s；已通知容器停止。")
	sayCancelledNotStarted   = Catalog.Add("It was cancelled%s before any container started.", "已取消%s；当时还没有容器启动。")
	sayCancelledGracefully   = Catalog.Add("It was cancelled%s; its containers stopped when they were asked to.", "已取消%s；容器收到通知后正常停止。")
	sayCancelledForcibly     = Catalog.Add("It was cancelled%s; a container did not stop in time and was killed.", "已取消%s；有容器未按时停止，已被强制终止。")
	sayCancelUnconfirmed     = Catalog.Add("It was cancelled%s; nothing confirms that its containers ended%s.", "已取消%s；无法确认容器%s已经结束。")
	sayCancelledAfterItEnded = Catalog.Add("It was cancelled%s, but had already ended by itself%s.", "已取消%s，但在此之前已自行结束%s。")
	sayCancelled             = Catalog.Add("It was cancelled%s.", "已取消%s。")
)

// Sentences about runs that completed or failed.
var (
	sayCompleted       = Catalog.Add("It completed%s%s%s%s.", "已完成%s%s%s%s。")
	sayFailed          = Catalog.Add("It failed%s.", "失败%s。")
	sayExited          = Catalog.Add("It failed because the container%s%s ended with exit code %d%s%s.", "失败：容器%s%s结束时的退出码为 %d%s%s。")
	sayNotStarted      = Catalog.Add("It failed because the container %q could not be started (exit code %d)%s.", "失败：容器 %q 无法启动（退出码 %d）%s。")
	sayChildOverMemory = Catalog.Add("It failed with exit code %d after a process of the container%s%s used more memory than the limit%s and was killed%s.",
		"失败，退出码 %d：容器%s%s中有进程的内存超过了上限%s，被终止%s。")
	sayOverMemory = Catalog.Add("It failed because the container%s%s used more memory than its limit%s and was killed%s.",
		"失败：容器%s%s的内存超过了上限%s，被终止%s。")
	sayStartFailed = Catalog.Add("It failed before its program ran%s.", "程序尚未运行就已失败%s。")
	sayOverLimit   = Catalog.Add("It failed because it reached a limit in its Task's jobTemplate%s.", "失败：达到了任务 jobTemplate 中的限制%s。")
	sayImageFailed = Catalog.Add("It failed because of its image%s.%s", "失败：镜像有问题%s。%s")
	sayDisrupted   = Catalog.Add("It failed through no fault of its program: its pod %s%s%s.", "失败，但不是程序的问题：Pod %s%s%s。")
	sayOverdue     = Catalog.Add("It failed because its time ran out%s.", "失败：超过了时限%s。")
	sayRefused     = Catalog.Add("It failed before it started%s.", "启动之前就已失败%s。")
	sayJobLost     = Catalog.Add("It failed because somebody deleted its Job%s.", "失败：它的 Job 被人删除了%s。")
)

// Sentences about runs that have not ended.
var (
	sayJustCreated  = Catalog.Add("It was just created, and the controller has not processed it yet.", "刚刚创建，控制器还没有处理。")
	sayNotProcessed = Catalog.Add("It was created %s ago, and the controller has not processed it yet.", "创建至今已有 %s，控制器还没有处理。")

	sayNamespaceFull = Catalog.Add("It is queued because its namespace has as many active runs as allowed%s.", "正在排队：命名空间内活动的执行已达上限%s。")
	sayClusterFull   = Catalog.Add("It is queued because the cluster has as many active runs as allowed%s.", "正在排队：集群内活动的执行已达上限%s。")
	sayReplacing     = Catalog.Add("It waits for the end of the runs of the task %q that it replaces%s.", "正在等待任务 %q 中被它取代的执行结束%s。")
	sayTaskFull      = Catalog.Add("It is queued for the task %q%s%s%s.", "正在任务 %q 的队列中等待%s%s%s。")

	sayKueueStopped  = Catalog.Add("It was stopped while running and waits, because Kueue withdrew its admission to the queue %q.", "运行中被停下，正在等待：Kueue 收回了它在队列 %q 的准入。")
	sayKueueWaits    = Catalog.Add("It waits, because Kueue has not yet admitted its Job to the queue %q.", "正在等待：Kueue 尚未准许它的 Job 进入队列 %q。")
	sayStoppedByJob  = Catalog.Add("It was stopped while running and waits, because its Job was suspended.", "运行中被停下，正在等待：它的 Job 被挂起了。")
	sayJobSuspended  = Catalog.Add("It waits because its Job is suspended%s.", "正在等待：它的 Job 处于挂起状态%s。")
	sayNotStartedYet = Catalog.Add("It has not started yet%s.", "尚未启动%s。")

	sayPodsRefused   = Catalog.Add("It does not run because its Job cannot create a pod%s.", "未能运行：它的 Job 无法创建 Pod%s。")
	sayGated         = Catalog.Add("It does not run because its pod has a scheduling gate%s.", "未能运行：Pod 上有调度门控（scheduling gate）%s。")
	sayUnschedulable = Catalog.Add("It does not run because its pod cannot be scheduled%s.", "未能运行：Pod 无法调度%s。")
	sayImageTrouble  = Catalog.Add("It does not run because of its image%s.", "未能运行：镜像有问题%s。")
	sayImageUnpulled = Catalog.Add("It does not run because the image %q of the container %q cannot be pulled%s.%s", "未能运行：镜像 %q（容器 %q）拉取失败%s。%s")
	sayVolumes       = Catalog.Add("It does not run because a volume of its pod is not ready%s%s.", "未能运行：Pod 的存储卷尚未就绪%s%s。")
	sayNotCreated    = Catalog.Add("It does not run because the container %q cannot be started%s: %s%s.", "未能运行：容器 %q 无法启动%s：%s%s。")
	sayRestarting    = Catalog.Add("Its container %q failed and waits to be restarted, after %s%s.", "容器 %q 失败，正在等待重启，已重启 %s%s。")
	sayNextWaits     = Catalog.Add("None of its containers is running, because the next one has not started%s.", "当前没有容器在运行：下一个容器尚未启动%s。")
	sayRetrying      = Catalog.Add("It waits for its next attempt%s%s.", "正在等待下一次尝试%s%s。")

	sayOnNode      = Catalog.Add("It is about to start: the node %q has its pod and prepares its image and volumes.", "即将启动：Pod 已分配到节点 %q，正在准备镜像和存储卷。")
	sayPodWaits    = Catalog.Add("It is about to start: its pod waits to be scheduled.", "即将启动：Pod 正在等待调度。")
	sayJobToCreate = Catalog.Add("It is about to start: its Job is about to be created.", "即将启动：马上创建 Job。")
	sayJobExists   = Catalog.Add("It is about to start: its Job exists.", "即将启动：Job 已创建。")

	sayRuns    = Catalog.Add("It runs%s%s%s.", "正在运行%s%s%s。")
	sayRunsFor = Catalog.Add("It has been running for %s%s%s%s.", "已运行 %s%s%s%s。")
	sayPhase   = Catalog.Add("Its phase is %s%s.", "阶段为 %s%s。")
)

// Clauses, which sentences and facts contain.
var (
	clauseBecause = Catalog.Add(": %s", "：%s")
	clauseReason  = Catalog.Add(" (%s)", "（%s）")
	clauseNode    = Catalog.Add(" on node %q", "（节点 %q）")
	clauseName    = Catalog.Add(" %q", " %q ")
	clauseIndex   = Catalog.Add(" of index %d", "索引 %d ")
	clauseLimit   = Catalog.Add(" of %s", "（即 %s）")
	clauseExit    = Catalog.Add(", with exit code %d", "，退出码 %d")
	clauseSignal  = Catalog.Add(", signal %d", "，信号 %d")
	clauseQuoted  = Catalog.Add(" The node reports: %s", "节点报告：%s")

	clauseBy       = Catalog.Add(" by %s", "，操作者 %s")
	clauseWhy      = Catalog.Add(" (%s)", "（%s）")
	clauseByAndWhy = Catalog.Add(" by %s (%s)", "，操作者 %s（%s）")

	clauseAt       = Catalog.Add(" at %s", "，时间 %s")
	clauseAfter    = Catalog.Add(" after %s", "，用时 %s")
	clauseAttempt  = Catalog.Add(", on attempt %d", "，第 %d 次尝试")
	clauseAttempts = Catalog.Add(", on the last of %d attempts", "，共尝试 %d 次，这是最后一次")
	clauseDone     = Catalog.Add(", with %d of %d completions", "，完成数 %d/%d")
	clauseTimeout  = Catalog.Add("; its timeout of %s ends it at %s", "；时限为 %s，将在 %s 到期")

	clauseAtMost     = Catalog.Add(", which runs at most %d at once", "，该任务最多同时运行 %d 个")
	clauseOneAhead   = Catalog.Add("1 run is ahead of it", "前面还有 1 个执行")
	clauseAhead      = Catalog.Add("%d runs are ahead of it", "前面还有 %d 个执行")
	clauseOneOfTask  = Catalog.Add("1 run of its task is ahead of it", "同一任务前面还有 1 个执行")
	clauseAheadTask  = Catalog.Add("%d runs of its task are ahead of it", "同一任务前面还有 %d 个执行")
	clauseNextOfTask = Catalog.Add("it is the next run of its task", "它是该任务的下一个")
	clauseNext       = Catalog.Add("it is the next run", "下一个就是它")
	clauseThen       = Catalog.Add("; %s", "；%s")
	clauseActive     = Catalog.Add("; the active run is %s", "；活动的执行是 %s")
	clauseActives    = Catalog.Add("; the active runs are %s", "；活动的执行有 %s")
	clauseMoreActive = Catalog.Add("; the active runs are %s and %d more", "；活动的执行有 %s 等，另有 %d 个")
	clauseComma      = Catalog.Add(", ", "、")

	clauseOneRestart = Catalog.Add("1 restart", "1 次")
	clauseRestarts   = Catalog.Add("%d restarts", "%d 次")
	clauseLastExit   = Catalog.Add("; last time it ended with exit code %d", "；上一次的退出码是 %d")
	clauseLastOOM    = Catalog.Add("; last time it was killed for using more memory than its limit", "；上一次因内存超过上限被终止")
	clauseLastFailed = Catalog.Add("; the last attempt ended with exit code %d", "；上一次尝试的退出码是 %d")
)

// What the platform did to a pod, as the end of "its pod …".
var (
	didEvict    = Catalog.Add("was evicted", "被驱逐")
	didPreempt  = Catalog.Add("was preempted by a pod of higher priority", "被优先级更高的 Pod 抢占")
	didShutDown = Catalog.Add("was ended by the shutdown of its node", "因节点关机而终止")
	didLose     = Catalog.Add("was lost with its node", "随节点一起失联")
	didReject   = Catalog.Add("was rejected by its node before anything started", "启动之前被节点拒绝")
	didEnd      = Catalog.Add("was ended from outside", "被外部终止")
)

// What exit codes mean by convention.
var (
	exitNotExecuted = Catalog.Add(" (the command could not be executed)", "（命令无法执行）")
	exitNotFound    = Catalog.Add(" (the command was not found)", "（找不到命令）")
	exitNoContainer = Catalog.Add(" (the container could not be started)", "（容器无法启动）")
	exitAborted     = Catalog.Add(" (it aborted with SIGABRT)", "（程序以 SIGABRT 中止）")
	exitSIGKILL     = Catalog.Add(" (it was killed with SIGKILL)", "（被 SIGKILL 终止）")
	exitCrashed     = Catalog.Add(" (it crashed on an invalid memory access, SIGSEGV)", "（非法内存访问 SIGSEGV，程序崩溃）")
	exitTerminated  = Catalog.Add(" (it was terminated with SIGTERM)", "（被 SIGTERM 终止）")
)
