// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

// Advice says what to do.
var (
	adviseLog        = Catalog.Add("Read its log: GET /tasks/executions/%s/logs.", "请查看日志：GET /tasks/executions/%s/logs。")
	adviseAlso       = Catalog.Add("%s %s", "%s%s")
	adviseSIGTERM    = Catalog.Add("Make the program stop on SIGTERM, or raise terminationGracePeriodSeconds in the Task's jobTemplate.", "请让程序收到 SIGTERM 后退出，或调大任务 jobTemplate 中的 terminationGracePeriodSeconds。")
	adviseUnsure     = Catalog.Add("A container may still be running. Check whether the node is up: kubectl get nodes.", "容器可能仍在运行。请检查节点是否正常：kubectl get nodes。")
	adviseMemory     = Catalog.Add("Raise resources.limits.memory of the container in the Task's jobTemplate, or make the program use less memory.", "请调大任务 jobTemplate 中该容器的 resources.limits.memory，或减少程序的内存占用。")
	adviseLostWork   = Catalog.Add("The work of the killed process may be missing. %s", "被终止的进程的工作可能没有完成。%s")
	adviseCommand    = Catalog.Add("Check that the command in the Task's jobTemplate is in the image and is executable.", "请确认任务 jobTemplate 中的命令在镜像里，并且可以执行。")
	adviseExecutable = Catalog.Add("Check that the command in the Task's jobTemplate is an executable program.", "请确认任务 jobTemplate 中的命令是可执行程序。")
	adviseInImage    = Catalog.Add("Check that the command in the Task's jobTemplate is in the image.", "请确认任务 jobTemplate 中的命令在镜像里。")
	adviseCreated    = Catalog.Add("Check the command and the image in the Task's jobTemplate.", "请检查任务 jobTemplate 中的命令和镜像。")
	adviseSIGKILL    = Catalog.Add("Something killed it, such as a memory limit that a child process reached, or somebody on the node.", "它被强制终止了，可能是子进程达到了内存上限，也可能是有人在节点上操作。")
	adviseSIGTERMed  = Catalog.Add("Something terminated it. The Events of its node may say what.", "它被终止了，原因可以查看所在节点的事件。")
	adviseContainer  = Catalog.Add("Check the command, the image, and the ConfigMaps and Secrets that the container's environment refers to in the Task's jobTemplate.",
		"请检查任务 jobTemplate 中的命令、镜像，以及容器环境变量引用的 ConfigMap 和 Secret。")
	adviseWait    = Catalog.Add("Fix what it waits for. Otherwise startTimeout of the Task ends the run.", "请解决它等待的问题，否则到了任务的 startTimeout 就会结束。")
	adviseImage   = Catalog.Add("Check that the image and its tag exist, that the node can reach the registry, and that imagePullSecrets in the Task's jobTemplate give access.", "请确认镜像和标签存在、节点能访问镜像仓库，并且任务 jobTemplate 中的 imagePullSecrets 有权限。")
	adviseVolumes = Catalog.Add("Check that the ConfigMap, Secret or PersistentVolumeClaim in the Task's jobTemplate exists and can be mounted on that node.",
		"请确认任务 jobTemplate 中的 ConfigMap、Secret 或 PersistentVolumeClaim 存在，并且能挂载到该节点。")
	adviseGate     = Catalog.Add("Whoever set the gate has to remove it.", "需要由设置门控的一方移除它。")
	adviseSchedule = Catalog.Add("Compare the requests, nodeSelector, affinity and tolerations in the Task's jobTemplate with what the nodes offer: kubectl describe nodes.",
		"请对照任务 jobTemplate 中的 requests、nodeSelector、affinity、tolerations 与节点的实际情况：kubectl describe nodes。")
	adviseQuota = Catalog.Add("Free some of the quota, or fix the policy or service account that prevents it. The Job retries by itself.",
		"请释放部分配额，或修正阻止它的策略或 ServiceAccount。Job 会自行重试。")
	adviseJobLost = Catalog.Add("It is unknown how far it got. Check what it has done before you run it again. To stop a run, cancel it instead of deleting its Job.",
		"无法得知它执行到了哪一步，重新执行前请先检查它已经做了什么。要停止一次执行，请取消它，不要删除 Job。")
	adviseController = Catalog.Add("Check that the controller is running and watches this namespace: kubectl -n taskexec-system get pods.",
		"请确认控制器正在运行，并且监听这个命名空间：kubectl -n taskexec-system get pods。")

	adviseNamespaceLimit = Catalog.Add("It starts when other runs end. The limit is the controller's flag --max-running-per-namespace.", "其他执行结束后就会启动。上限由控制器的 --max-running-per-namespace 设置。")
	adviseClusterLimit   = Catalog.Add("It starts when other runs end. The limit is the controller's flag --max-running.", "其他执行结束后就会启动。上限由控制器的 --max-running 设置。")
	adviseTaskLimit      = Catalog.Add("It starts when other runs end. The limit is spec.concurrency of the Task.", "其他执行结束后就会启动。上限由任务的 spec.concurrency 设置。")
	adviseKueue          = Catalog.Add("kubectl describe workloads shows what Kueue waits for.", "kubectl describe workloads 可以看到 Kueue 在等什么。")
	adviseResume         = Catalog.Add("Whoever suspended the Job can resume it with spec.suspend: false.", "挂起 Job 的一方可以用 spec.suspend: false 恢复它。")
	adviseBeginning      = Catalog.Add("The run then starts from the beginning. The time that it waits does not count towards its timeout.", "恢复后会从头执行，等待的时间不计入时限。")

	adviseTimeout      = Catalog.Add("Raise timeout of the Task, or find out from the log what took so long.", "请调大任务的 timeout，或从日志中找出耗时的原因。")
	adviseStartTimeout = Catalog.Add("Fix what it waited for, or raise startTimeout of the Task.", "请解决它等待的问题，或调大任务的 startTimeout。")
	adviseQueueTimeout = Catalog.Add("Raise queueTimeout or concurrency.maxRunning of the Task, or start fewer runs.", "请调大任务的 queueTimeout 或 concurrency.maxRunning，或减少执行的数量。")
	advisePodDeadline  = Catalog.Add("Raise or remove spec.template.spec.activeDeadlineSeconds in the Task's jobTemplate. To limit the run, use timeout of the Task.",
		"请调大或去掉任务 jobTemplate 中的 spec.template.spec.activeDeadlineSeconds。要限制执行时长，请用任务的 timeout。")
	adviseJobDeadline = Catalog.Add("Raise or remove spec.activeDeadlineSeconds in the Task's jobTemplate. To limit the run, use timeout of the Task.",
		"请调大或去掉任务 jobTemplate 中的 spec.activeDeadlineSeconds。要限制执行时长，请用任务的 timeout。")
	adviseStorage = Catalog.Add("Raise resources.limits.ephemeral-storage of the container, or the sizeLimit of the emptyDir, in the Task's jobTemplate, or make the program write less.",
		"请调大任务 jobTemplate 中容器的 resources.limits.ephemeral-storage 或 emptyDir 的 sizeLimit，或减少程序写入的数据。")
	adviseProbe = Catalog.Add("Check livenessProbe, startupProbe and lifecycle.postStart in the Task's jobTemplate, and what the program answers.",
		"请检查任务 jobTemplate 中的 livenessProbe、startupProbe、lifecycle.postStart，以及程序的应答。")

	adviseEvicted   = Catalog.Add("The node was drained or ran short of a resource. Set requests for memory and ephemeral-storage on the containers.", "节点被排空，或资源不足。请为容器设置 memory 和 ephemeral-storage 的 requests。")
	advisePreempted = Catalog.Add("Set a higher priorityClassName in the Task's jobTemplate, or add capacity to the cluster.", "请在任务 jobTemplate 中设置更高的 priorityClassName，或为集群扩容。")
	adviseNodeLost  = Catalog.Add("Check whether the node is up: kubectl get nodes.", "请检查节点是否正常：kubectl get nodes。")
	adviseRejected  = Catalog.Add("The node lacks what the pod requests, or has a policy against it.", "节点缺少 Pod 请求的资源，或节点的策略不允许。")
	adviseDisrupted = Catalog.Add("Somebody or something deleted the pod.", "有人或某个程序删除了 Pod。")
	adviseRetry     = Catalog.Add("The same run may succeed another time. With retryOnDisruption: true on the Task, it is retried.", "同样的执行再来一次可能成功。在任务上设置 retryOnDisruption: true 就会自动重试。")
)

// Advice on runs that failed before they started, or that wait without a Job.
var (
	adviseParams      = Catalog.Add("Run it again with params that match the Task's schema; GET /tasks/{taskName} shows it.", "请用符合任务 Schema 的参数重新执行；Schema 见 GET /tasks/{taskName}。")
	adviseReadable    = Catalog.Add("Change the value wherever it is used, because it could be read. Send the new one over the REST API or in a Secret.", "这个值可能已被他人看到，请在所有用到它的地方更换，并通过 REST API 或 Secret 传入新值。")
	adviseSecretAgain = Catalog.Add("Create the Secret, with the label that lets runs use it, or send the params over the REST API. Then run it again.", "请创建 Secret 并加上允许执行使用它的标签，或通过 REST API 传入参数，然后重新执行。")
	adviseSchema      = Catalog.Add("Fix spec.parameters of the Task, then run it again.", "请修正任务的 spec.parameters，然后重新执行。")
	adviseTemplate    = Catalog.Add("Fix spec.jobTemplate of the Task, then run it again.", "请修正任务的 spec.jobTemplate，然后重新执行。")
	adviseNotAllowed  = Catalog.Add("Run it again without what the Task does not allow, or change spec.maxTimeout or spec.allowedQueues of the Task.", "请去掉任务不允许的设置后重新执行，或修改任务的 spec.maxTimeout 或 spec.allowedQueues。")
	adviseConflict    = Catalog.Add("Delete the Job that has the name, if nobody needs it, then run it again.", "如果没有人需要占用该名称的 Job，请删除它，然后重新执行。")
	adviseForbidden   = Catalog.Add("Wait until the other runs have ended, or change spec.concurrency of the Task.", "请等其他执行结束，或修改任务的 spec.concurrency。")
	adviseQueueFull   = Catalog.Add("Wait until the queue has room, or raise spec.concurrency.maxQueued of the Task.", "请等队列有空位，或调大任务的 spec.concurrency.maxQueued。")
	adviseBacklogFull = Catalog.Add("Wait until queued runs of the namespace have started, or cancel some. Then run it again. Pass a reference to large data, not the data. The limits are flags of the controller.",
		"请等命名空间内排队的执行启动，或取消其中一些，然后重新执行。数据较大时请传引用，不要传数据本身。上限由控制器的命令行参数设置。")
	adviseRestored = Catalog.Add("Nothing is wrong: the record came from a backup, another cluster, or kubectl get and apply. To run the Task again, POST /tasks/executions/{executionId}/rerun.",
		"这不是故障：这条记录来自备份、其他集群，或 kubectl get 再 apply。要再次执行，请用 POST /tasks/executions/{executionId}/rerun。")
	adviseNotAfter   = Catalog.Add("Run it again with a later spec.notAfter, or without one.", "请用更晚的 spec.notAfter 重新执行，或不设置它。")
	adviseSuspended  = Catalog.Add("Set spec.suspended of the Task to false, then run it again.", "请把任务的 spec.suspended 设为 false，然后重新执行。")
	adviseTaskAgain  = Catalog.Add("Create the Task, then run it again.", "请创建任务，然后重新执行。")
	adviseQuotaAgain = Catalog.Add("Free some of the quota, or fix the policy that rejects the Job, then run it again.", "请释放部分配额，或修正拒绝该 Job 的策略，然后重新执行。")
	adviseTask       = Catalog.Add("Create the Task. The run starts then, unless startTimeout ends it first.", "请创建任务。创建后就会启动，除非先到了 startTimeout。")
	adviseSecret     = Catalog.Add("Create the Secret, with the keys that the execution names and the label that lets runs use it. The run starts then, unless startTimeout ends it first.",
		"请创建 Secret，包含该执行引用的键，并加上允许执行使用它的标签。创建后就会启动，除非先到了 startTimeout。")
	adviseJobRefused = Catalog.Add("Free some of the quota, or fix the policy that rejects the Job. The controller retries every few seconds until startTimeout ends the run.",
		"请释放部分配额，或修正拒绝该 Job 的策略。控制器每隔几秒重试一次，直到 startTimeout 到期。")
)
