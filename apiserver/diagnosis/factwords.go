// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

// Facts are statements about one object, whose kind and name stand beside them.
var (
	tellUnread = Catalog.Add("objects of kind %s could not be read: %s", "无法读取 %s：%s")

	// Why objects could not be read. Package explain decides which.
	UnreadForbidden   = Catalog.Add("the facade's service account is not allowed to (config/rbac)", "REST API 的 ServiceAccount 没有权限（config/rbac）")
	UnreadLate        = Catalog.Add("Kubernetes did not answer in time", "Kubernetes 没有及时应答")
	UnreadUnreachable = Catalog.Add("Kubernetes cannot be reached", "无法连接 Kubernetes")
	UnreadFailed      = Catalog.Add("Kubernetes returned an error; the facade's log has it", "Kubernetes 返回了错误，详见 REST API 的日志")

	tellPhase        = Catalog.Add("its phase is %s%s%s", "阶段为 %s%s%s")
	tellNoPhase      = Catalog.Add("not set", "未设置")
	tellCreated      = Catalog.Add("it was created", "已创建")
	tellStarted      = Catalog.Add("its first container started", "第一个容器启动")
	tellCompletions  = Catalog.Add("it has %d of %d completions%s", "已完成 %d/%d 个%s")
	tellFailedIndex  = Catalog.Add("; failed indexes: %s", "；失败的索引：%s")
	tellEndedOne     = Catalog.Add("it ended after 1 attempt", "经过 1 次尝试后结束")
	tellEnded        = Catalog.Add("it ended after %d attempts", "经过 %d 次尝试后结束")
	tellPullsFailed  = Catalog.Add("image pulls have failed since then%s", "此后镜像一直拉取失败%s")
	tellCancelAsked  = Catalog.Add("its cancellation was requested%s", "已请求取消%s")
	tellWasSuspended = Catalog.Add("it was suspended for %s, which does not count towards its timeout", "曾挂起 %s，不计入时限")
	tellSuspended    = Catalog.Add("it was suspended, and has not started again", "已挂起，尚未恢复")

	tellTaskMissing   = Catalog.Add("it does not exist", "不存在")
	tellTaskSuspended = Catalog.Add("it is suspended and accepts no new runs", "已暂停，不接受新的执行")
	tellTaskNotReady  = Catalog.Add("it cannot be run%s%s", "无法执行%s%s")
	tellTaskChanged   = Catalog.Add("it has changed since this run started", "在本次执行开始后有过修改")
	tellConcurrency   = Catalog.Add("its concurrency policy is %s, maxQueued is %d", "并发策略为 %s，maxQueued 为 %d")
	tellConcurrencyOf = Catalog.Add("its concurrency policy is %s, maxRunning is %d, maxQueued is %d", "并发策略为 %s，maxRunning 为 %d，maxQueued 为 %d")

	tellQueue      = Catalog.Add("%s; the limit of the %s is reached", "%s；已达到%s的上限")
	tellActiveRuns = Catalog.Add("active runs of the task (%d): %s", "该任务活动的执行（%d 个）：%s")
	tellTask       = Catalog.Add("task", "任务")
	tellNamespace  = Catalog.Add("namespace", "命名空间")
	tellController = Catalog.Add("controller", "控制器")

	tellJobGone      = Catalog.Add("it no longer exists", "已不存在")
	tellJobPods      = Catalog.Add("pods: %d active, %d succeeded, %d failed", "Pod：%d 个活动，%d 个成功，%d 个失败")
	tellJobPodsOf    = Catalog.Add("pods: %d active, %d succeeded, %d failed; its backoffLimit is %d", "Pod：%d 个活动，%d 个成功，%d 个失败；backoffLimit 为 %d")
	tellJobSuspended = Catalog.Add("it is suspended", "已挂起")
	tellCondition    = Catalog.Add("%s%s%s", "%s%s%s")

	tellPodPhase    = Catalog.Add("%sits phase is %s%s%s%s%s", "%s阶段为 %s%s%s%s%s")
	tellPodIndex    = Catalog.Add("index %d: ", "索引 %d：")
	tellPodDeleted  = Catalog.Add("; it is being deleted", "；正在删除")
	tellPodWaits    = Catalog.Add("it is not scheduled%s%s", "尚未调度%s%s")
	tellPodDisrupt  = Catalog.Add("the platform disrupted it%s%s", "被平台中断%s%s")
	tellPodGone     = Catalog.Add("%sit has ended or no longer exists; its phase was %s%s%s%s", "%s已结束或不存在；最后的阶段为 %s%s%s%s")
	tellRestarted   = Catalog.Add("container %q was restarted 1 time; it last %s", "容器 %q 重启过 1 次；上一次%s")
	tellRestarts    = Catalog.Add("container %q was restarted %d times; it last %s", "容器 %q 重启过 %d 次；上一次%s")
	tellWaiting     = Catalog.Add("container %q is waiting%s%s; its image is %q", "容器 %q 正在等待%s%s；镜像为 %q")
	tellToBeCreated = Catalog.Add("container %q is waiting to be created; its image is %q", "容器 %q 等待创建；镜像为 %q")
	tellRunning     = Catalog.Add("container %q is running", "容器 %q 正在运行")
	tellTerminated  = Catalog.Add("container %q %s", "容器 %q %s")
	tellEnd         = Catalog.Add("ended with exit code %d%s%s", "结束，退出码 %d%s%s")

	tellEvent    = Catalog.Add("%s %s%s%s", "%s %s%s%s")
	tellRepeated = Catalog.Add(" (%d times)", "（%d 次）")

	sayNotShown = Catalog.Add("its message is not shown, because the run has sensitive params", "由于执行带有敏感参数，不显示该消息")
)
