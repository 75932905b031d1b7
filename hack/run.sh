#!/usr/bin/env bash
# Runs Taskexec and one real task, and says how to go on. Called by `make run`.
#
# Without KUBECONFIG it deploys on the local cluster, or with CLUSTER=kind on a kind cluster. It creates the cluster if need be, and
# returns; everything keeps running.
# With KUBECONFIG both programs run here, in the foreground, against that cluster, until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/operator.sh
. hack/operator.sh
# shellcheck source=hack/cluster.sh
. hack/cluster.sh

port=${PORT:-8080}
url=http://127.0.0.1:$port
sample=user-space-sync
caller=taskexec-user
command -v curl >/dev/null || die "curl is not installed"

on_local_cluster() {
  say "Local cluster: the first time, it builds Kubernetes from source, which takes 10 to 40 minutes"
  bin/localcluster up --publish "127.0.0.1:$port=30080"
  KUBECONFIG=$(bin/localcluster kubeconfig)
  export KUBECONFIG
  kubectl=$(bin/localcluster assets)/kubectl

  say "Images of this checkout"
  load_images
  say "Operator: config/local"
  deploy_on_local_cluster
  prove_a_run
  banner "make down"
}

on_kind() {
  say "Cluster '$kind_cluster' of kind"
  kind_up "$port"
  say "Images of this checkout"
  kind_load_images "$kind_cluster"
  say "Operator: config/local"
  {
    echo 'resources: [../../config/local]'
    images_of_checkout
  } | deploy
  prove_a_run
  banner "kind delete cluster --name $kind_cluster"
}

on_given_cluster() {
  kubectl=${KUBECTL:-kubectl}
  command -v "$kubectl" >/dev/null || die "$kubectl is not installed, and KUBECONFIG asks for a cluster that exists"
  say "Cluster of KUBECONFIG, context $("$kubectl" config current-context)"
  if [ -n "$("$kubectl" -n "$namespace" get deployment taskexec-controller --ignore-not-found -o name)" ]; then
    die "the operator is deployed in this cluster already: two would act on the same runs. 'make undeploy' removes it"
  fi
  if curl -s -o /dev/null --max-time 2 "$url"; then
    die "something answers at $url already: PORT=8090 make run takes another port"
  fi

  say "CustomResourceDefinitions"
  "$kubectl" apply -f config/crd/bases | sed 's/^/    /'
  "$kubectl" wait --for=condition=Established --timeout=60s \
    crd/tasks.taskexec.dev crd/taskexecutions.taskexec.dev crd/taskschedules.taskexec.dev >/dev/null
  local file
  for file in config/rbac/{viewer,runner,editor,admin}_cluster_role.yaml; do
    "$kubectl" apply -f "$file" | sed 's/^/    /'
  done

  say "Programs of this checkout: their logs are in bin/run/"
  mkdir -p bin/run
  trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
  trap 'exit 130' INT TERM
  bin/controller --leader-elect=false --health-probe-bind-address=127.0.0.1:0 --metrics-bind-address=0 \
    >bin/run/controller.log 2>&1 &
  bin/apiserver --bind-address="127.0.0.1:$port" --namespace=default --token-audience="$audience" >bin/run/apiserver.log 2>&1 &
  prove_a_run
  banner "Ctrl-C"
  wait -n || true
  tail -n 5 bin/run/*.log
  die "a program ended"
}

# Applies the sample Tasks, runs one through the REST API, and prints its log.
prove_a_run() {
  wait_for_url "$url/readyz" 60 || die "the REST API does not answer at $url"
  make_caller "$caller"
  token=$(eval "$(create_token)")
  say "Sample Tasks, in the namespace default"
  local file
  for file in config/samples/task_*.yaml; do
    "$kubectl" -n default apply -f "$file" | sed 's/^/    /'
  done
  local answer deadline=$((SECONDS + 30))
  until answer=$(authorized "$url/tasks/$sample" 2>/dev/null); do
    [ "$SECONDS" -lt "$deadline" ] || die "the Task $sample does not show at $url/tasks/$sample: $answer"
    sleep 0.5
  done

  say "A run of $sample, through the REST API"
  deadline=$((SECONDS + 120))
  answer=$(authorized -X POST "$url/tasks/$sample/execute/manual" \
    -H 'Content-Type: application/json' -d '{"params": {"mid": 12345}}') || die "$answer"
  execution=$(field executionId <<<"$answer")
  echo "    executionId: $execution"
  while answer=$(authorized "$url/tasks/running/execution/$execution") || die "$answer"; do
    [ "$(field status <<<"$answer")" = running ] || break
    [ "$SECONDS" -lt "$deadline" ] || die "the run did not end within two minutes: $answer"
    sleep 1
  done
  echo "    status:      $(field status <<<"$answer")"
  "$kubectl" -n default get te "$execution" \
    -o jsonpath='{range .status.logs[*]}    {.timestamp}  {.level}  {.message}{"\n"}{end}'
  [ "$(field status <<<"$answer")" = completed ] || die "the run did not complete: $answer"
}

# The command that makes a token for the REST API, to be pasted anywhere.
create_token() {
  printf 'KUBECONFIG=%q ' "$KUBECONFIG"
  printf '%q ' "$(command -v "$kubectl")" -n default create token "$caller" --audience="$audience" --duration=12h
}

# curl with the token, which no list of processes shows.
authorized() { curl -sS --fail-with-body -K - "$@" <<<"header = \"Authorization: Bearer $token\""; }

# The first string of that name in a JSON answer: enough for what the facade answers here, without jq.
field() { grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# The path of the console that logs in once.
login_path() { authorized -X POST "$url/session/links" | field path; }

banner() {
  cat <<END

Taskexec runs. Its REST API is $url

  Open the console (the link logs in once, within five minutes; make another with POST $url/session/links):
    $url$(login_path)

  Get a token, for 12 hours (who may do what is RBAC; $caller may do everything in the namespace default):
    export TOKEN=\$($(create_token))
  Run a task:
    curl -X POST $url/tasks/$sample/execute/manual -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' -d '{"params": {"mid": 12345}}'
  Read a run, its status and its log:
    curl $url/tasks/running/execution/$execution -H "Authorization: Bearer \$TOKEN"
  Cancel every run of a task:
    curl -X DELETE $url/tasks/executions/cancel/by-task-names -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' -d '{"taskNames": ["$sample"]}'

  The same with kubectl:
    export KUBECONFIG=$KUBECONFIG
    $kubectl get te

  Stop: $1
END
}

cluster=$(choose_cluster)
case $cluster in
  local) on_local_cluster ;;
  kind) on_kind ;;
  given) on_given_cluster ;;
esac
