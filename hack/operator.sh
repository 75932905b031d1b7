# shellcheck shell=bash
# Functions of run.sh, images.sh and e2e.sh, to be sourced: deploy the operator of this checkout.
# They use what `make build localcluster` leaves in bin/. The sourcing script sets kubectl.
# shellcheck disable=SC2154

read -ra kustomize <<<"${KUSTOMIZE:-kustomize}"
programs=(controller apiserver)
namespace=taskexec-system

say() { printf '==> %s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Prints the files in the image of a program. The controller's has a second program, for archives in a cloud's store.
image_files() {
  echo "bin/$1"
  [ "$1" != controller ] || echo bin/controller-cloud
}

# Prints the tag of a program's image. It is a hash of the content, so that a rollout happens exactly when the program changed.
image_tag() { printf 'dev-%s' "$(image_files "$1" | xargs cat | sha256sum | cut -c1-12)"; }

load_images() {
  local program files
  for program in "${programs[@]}"; do
    mapfile -t files < <(image_files "$program")
    bin/localcluster load-image --tag "ghcr.io/taskexec/$program:$(image_tag "$program")" \
      --entrypoint "/$program" "${files[@]}"
  done
}

# The folder on the node in which config/local keeps the archive. `localcluster down` removes it.
archive=/var/lib/taskexec-localcluster/archive

# Prints the size at which the local cluster's kubelet rotates logs.
log_size() { sed -n 's/.*"containerLogMaxSize": *"\([^"]*\)".*/\1/p' /var/lib/taskexec-localcluster/config/kubelet.json; }

# Prints the overlay's field images: those of this checkout. Usage: images_of_checkout
images_of_checkout() {
  local program
  echo 'images:'
  for program in "${programs[@]}"; do
    echo "  - {name: ghcr.io/taskexec/$program, newTag: $(image_tag "$program")}"
  done
}

# Deploys config/local on the local cluster.
deploy_on_local_cluster() {
  install -d -o 65532 -g 65532 -m 0750 "$archive" # the user of both programs
  {
    echo 'resources: [../../config/local]'
    images_of_checkout
    echo 'patches:'
    echo '  - target: {kind: Deployment, name: taskexec-controller}'
    echo '    patch: |-'
    echo "      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --container-log-max-size=$(log_size)}"
  } | deploy
}

# Applies the overlay on its standard input, and waits until both programs run.
deploy() {
  local program
  mkdir -p bin/overlay
  cat >bin/overlay/kustomization.yaml
  "${kustomize[@]}" build bin/overlay | "$kubectl" apply -f - | sed -e '/ unchanged$/d' -e 's/^/    /'
  "$kubectl" wait --for=condition=Established --timeout=60s \
    crd/tasks.taskexec.dev crd/taskexecutions.taskexec.dev crd/taskschedules.taskexec.dev >/dev/null
  for program in "${programs[@]}"; do
    if ! "$kubectl" -n "$namespace" rollout status --timeout=120s "deployment/taskexec-$program" | sed 's/^/    /'; then
      show_operator >&2
      die "$program did not become ready"
    fi
  done
}

# The audience of tokens for the REST API: --token-audience in config/apiserver.
audience=taskexec

# Creates a service account in the namespace default that may do everything there with Tasks and runs. Usage: make_caller NAME
make_caller() {
  "$kubectl" -n default create serviceaccount "$1" --dry-run=client -o yaml | "$kubectl" apply -f - >/dev/null
  "$kubectl" -n default create rolebinding "$1" --clusterrole=taskexec-admin --serviceaccount="default:$1" \
    --dry-run=client -o yaml | "$kubectl" apply -f - >/dev/null
}

# Creates a service account in the namespace default that may scrape the metrics of both programs. Usage: make_scraper NAME
make_scraper() {
  "$kubectl" -n default create serviceaccount "$1" --dry-run=client -o yaml | "$kubectl" apply -f - >/dev/null
  "$kubectl" create clusterrolebinding "$1" --clusterrole=taskexec-metrics-reader --serviceaccount="default:$1" \
    --dry-run=client -o yaml | "$kubectl" apply -f - >/dev/null
}

# Prints what helps to find out why something failed.
show_operator() {
  local program
  "$kubectl" get pods,jobs,te --all-namespaces -o wide || true
  for program in "${programs[@]}"; do
    echo "--- log of $program"
    "$kubectl" -n "$namespace" logs --tail=60 "deployment/taskexec-$program" || true
  done
}

# Waits until the REST API answers at a URL. Usage: wait_for_url URL SECONDS
wait_for_url() {
  local deadline=$((SECONDS + $2))
  until curl -fs -o /dev/null --max-time 5 "$1"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.5
  done
}
