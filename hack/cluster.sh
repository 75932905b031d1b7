# shellcheck shell=bash
# Functions of run.sh, test.sh and e2e.sh, to be sourced after operator.sh: which cluster to use, and what is special about kind.
# shellcheck disable=SC2154

kind_cluster=taskexec

# Reports whether KUBECONFIG is that of the local cluster. `make run` asks people to export it.
is_local_kubeconfig() {
  [ -x bin/localcluster ] && [ "$KUBECONFIG" = "$(bin/localcluster kubeconfig)" ]
}

# Reports whether KUBECONFIG names a cluster that is not the local one.
cluster_is_given() { [ -n "${KUBECONFIG:-}" ] && ! is_local_kubeconfig; }

# Ends the script unless the end-to-end tests may install Taskexec in the given cluster. Usage: need_leave_to_install
need_leave_to_install() {
  [ "${E2E_INSTALL:-}" != true ] || return 0
  die "KUBECONFIG names $(given_cluster).
The end-to-end tests would install Taskexec there: CustomResourceDefinitions, roles and admission policies for the whole cluster, and
the namespace taskexec-system. They would create and delete Tasks, runs and accounts in the namespace default, and restart the operator.
To allow this, set E2E_INSTALL=true. To use the local cluster, unset KUBECONFIG."
}

# Prints a given cluster's context and address.
given_cluster() {
  printf 'the cluster of the context %s (%s)' "$("${KUBECTL:-kubectl}" config current-context)" \
    "$("${KUBECTL:-kubectl}" config view --minify -o jsonpath='{.clusters[0].cluster.server}')"
}

# Reports whether the local cluster's Kubernetes was built before. If not, that takes 10 to 40 minutes.
kubernetes_is_built() {
  compgen -G "${TASKEXEC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/taskexec}/localcluster/kubernetes-*/kubectl" >/dev/null
}

# Reports whether kind can make a cluster here.
kind_is_possible() {
  command -v kind >/dev/null && command -v docker >/dev/null && timeout 10 docker info >/dev/null 2>&1
}

# Prints local, kind or given, and says on the standard error why.
choose_cluster() {
  case ${CLUSTER:-} in
    '') ;;
    local)
      echo local
      return
      ;;
    kind)
      kind_is_possible || die "CLUSTER=kind needs kind and docker on the PATH, and a Docker engine that answers"
      echo kind
      return
      ;;
    *) die "CLUSTER is '$CLUSTER', want local or kind; for another cluster leave it out and set KUBECONFIG" ;;
  esac
  if cluster_is_given; then
    echo given
  elif kubernetes_is_built || ! kind_is_possible; then
    echo local
  else
    offer_kind
  fi
}

# Asks a person who sits at a terminal, and tells everybody else how to choose kind.
offer_kind() {
  local answer=n
  echo "The local cluster is not built yet. Building its Kubernetes takes 10 to 40 minutes, once." >&2
  echo "Docker and kind are on this machine too: CLUSTER=kind takes about a minute." >&2
  if [ -t 0 ] && [ -z "${CI:-}" ]; then
    read -rp "Use kind? [Y/n] " answer </dev/tty
  else
    echo "Nobody can answer here, so the local cluster is built." >&2
  fi
  case $answer in
    '' | [Yy]*) echo kind ;;
    *) echo local ;;
  esac
}

# Creates the kind cluster if it is not there, and sets KUBECONFIG and kubectl. Usage: kind_up PORT
kind_up() {
  kubectl=${KUBECTL:-kubectl}
  command -v "$kubectl" >/dev/null || die "$kubectl is not installed, and a kind cluster does not bring it"
  mkdir -p bin/run
  KUBECONFIG=$PWD/bin/run/kind.kubeconfig
  export KUBECONFIG
  if ! kind get clusters 2>/dev/null | grep -qx "$kind_cluster"; then
    kind create cluster --name "$kind_cluster" --kubeconfig "$KUBECONFIG" --wait 120s --config - <<END
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    extraPortMappings:
      - {containerPort: 30080, hostPort: $1, listenAddress: 127.0.0.1}
END
  fi
  kind export kubeconfig --name "$kind_cluster" --kubeconfig "$KUBECONFIG"
  # config/local keeps the archive in this folder of the node. 65532 is the user of both programs.
  docker exec "$kind_cluster-control-plane" install -d -o 65532 -g 65532 -m 0750 "$archive"
}

# Builds the images from bin/ with Docker and loads them into a kind cluster. Usage: kind_load_images CLUSTER
kind_load_images() {
  local program image files
  for program in "${programs[@]}"; do
    mapfile -t files < <(image_files "$program")
    image=ghcr.io/taskexec/$program:$(image_tag "$program")
    docker build --quiet --tag "$image" --file - bin >/dev/null <<END
FROM scratch
COPY ${files[*]#bin/} /
USER 65532:65532
ENTRYPOINT ["/$program"]
END
    kind load docker-image --name "$1" "$image"
  done
}
