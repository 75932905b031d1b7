#!/usr/bin/env bash
# Runs tiers of tests, all of them even when one fails, and ends with a line that counts what ran:
#   N passed, N failed, N skipped
# Usage: test.sh unit|clients|envtest|e2e...
# SIDE_BY_SIDE=true runs tiers side by side. That takes less time on a machine with idle CPUs; on two, tests of the real node then
# see a kubelet that reports late.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=hack/operator.sh
. hack/operator.sh
# shellcheck source=hack/cluster.sh
. hack/cluster.sh

go=${GO:-go}
events=$PWD/bin/test
gotestsum=("$go" tool "-modfile=$PWD/hack/tools/go.mod" gotestsum --format pkgname --hide-summary skipped)

# What client-go reads from a cache must not be written to: with this, it ends a process that does.
export KUBE_CACHE_MUTATION_DETECTOR=true

# The race detector needs cgo and a C compiler.
race=()
if [ "$("$go" env CGO_ENABLED)" = 1 ] && command -v "$("$go" env CC)" >/dev/null; then
  race=(-race)
fi

# Runs go test in a module, without vet: `make lint` vets the tests once, instead of once for each set of flags.
# Usage: tested NAME MODULE ARGUMENT...
tested() {
  local name=$1 module=$2
  shift 2
  (cd "$module" && "${gotestsum[@]}" --jsonfile "$events/$name.json" -- -vet=off "$@")
}

# Reports whether a tier was asked for. Usage: asked TIER
tiers=" $* "
asked() { [[ $tiers == *" $1 "* ]]; }

# Prints the test files of a tier. Usage: files_of TAG
files_of() { grep -rl --include='*_test.go' "^//go:build $1\$" api apiserver cmd controllers; }

# Prints the packages of the test files on its standard input.
packages_of() { xargs -r -n 1 dirname | sort -u | sed 's|^|./|'; }

# Prints a pattern for -run that matches the tests in the files on its standard input.
pattern_of() {
  printf '^(%s)$\n' "$(xargs grep -hoE '^func Test[A-Za-z0-9_]+' | cut -d ' ' -f 2 | grep -v '^TestMain$' | sort -u | paste -sd '|')"
}

# Removes from its standard input the packages with tests of the tier envtest.
without_envtest() { grep -vxF "$(files_of envtest | packages_of | sed 's|^\.|github.com/taskexec/taskexec|')" || true; }

# The race detector finds nothing where nothing runs at the same time. Packages of that kind run without it, several times as fast.
unit() {
  local rc=0 module name fresh sequential others
  for module in ${MODULES:?run this by make}; do
    name=unit-${module//[.\/]/_}
    # Go would take a result from its cache although a file outside of the module, such as one of config/, has changed.
    fresh=()
    [ "$module" = . ] || fresh=(-count=1)
    sequential=$("$go" run ./hack/sequential "$module")
    others=$("$go" run ./hack/sequential -not "$module")
    ! asked envtest || others=$(without_envtest <<<"$others")
    # shellcheck disable=SC2086 # one argument for each package
    [ -z "$sequential" ] || tested "$name-sequential" "$module" "${fresh[@]}" $sequential || rc=$?
    # shellcheck disable=SC2086
    [ -z "$others" ] || tested "$name" "$module" "${race[@]}" "${fresh[@]}" $others || rc=$?
  done
  return "$rc"
}

# Clients are generated from the API's description, compiled and driven. The generators are built before, so that the
# time of the test is that of the clients. They send one request after the other, so that the race detector would find nothing that
# the other tiers do not.
clients() {
  (cd hack/clients && "$go" build -o /dev/null github.com/ogen-go/ogen/cmd/ogen && "$go" build -o /dev/null github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen)
  GO=$go tested clients . -tags=clients -count=1 -timeout=20m -run 'GeneratedClients$' ./apiserver
  # `make verify` can neither tidy nor lint this module: what it imports is there only now.
  (cd hack/clients && "$go" mod tidy -diff && "$go" tool "-modfile=$PWD/../tools/go.mod" golangci-lint run --config ../../.golangci.yml ./ogen ./oapicodegen)
}

# Tests without the tag are in the same packages. If the tier unit was asked for too, it leaves these packages out, and they run whole
# here. Tests that call t.Parallel wait for most of their time.
envtest() {
  local program files packages only=()
  if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    echo "    with the API server and etcd of KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS"
    for program in etcd kube-apiserver kubectl; do
      [ -x "$KUBEBUILDER_ASSETS/$program" ] || { echo "there is no program $program in KUBEBUILDER_ASSETS" >&2; return 1; }
    done
  else
    KUBEBUILDER_ASSETS=$(bin/localcluster assets)
    export KUBEBUILDER_ASSETS
  fi
  files=$(files_of envtest)
  asked unit || only=(-run "$(pattern_of <<<"$files")")
  mapfile -t packages < <(packages_of <<<"$files")
  tested envtest . "${race[@]}" -tags=envtest -timeout=30m -parallel=4 "${only[@]}" "${packages[@]}"
}

# Tests that call t.Parallel disturb nobody. They run side by side after the others, because they wait for most of their time.
# E2E_RUN=PATTERN runs only the tests that match.
e2e() {
  hack/e2e.sh "${gotestsum[@]}" --jsonfile "$events/e2e.json" -- -vet=off -tags=e2e -count=1 -timeout=60m -parallel=6 -run "${E2E_RUN:-}" ./hack/e2e
}

# Runs a tier, says how long it took, and writes its time and its failure to files for the summary. Usage: run TIER
run() {
  local start=$SECONDS rc
  # Not in a condition: bash would ignore `set -e` within it.
  set +e
  (set -e; "$1")
  rc=$?
  set -e
  echo "    $1 took $((SECONDS - start)) s"
  printf '  %-10s %5d s\n' "$1" "$((SECONDS - start))" >"$events/$1.time"
  [ "$rc" -eq 0 ] || touch "$events/$1.failed"
}

# The tiers that wait for a cluster for most of their time. They share nothing with each other and the other tiers, so they run beside
# them. The others compile and compute. The nice values let a tier that waits have the CPU when it wants it.
waiting=(envtest e2e)
declare -A beside=() # the process of each tier that runs in the background
declare -A niceness=([envtest]=5 [e2e]=0)

begin_beside() {
  echo "==> Tests: $1, beside the others; the output is in bin/test/$1.log"
  set -m # a process group of its own, which can be ended as a whole
  run "$1" >"$events/$1.log" 2>&1 </dev/null &
  beside[$1]=$!
  [ "${niceness[$1]}" -eq 0 ] || renice -n "${niceness[$1]}" -g "$!" >/dev/null 2>&1 || true
  set +m
}

await_beside() {
  echo "==> Tests: $1"
  wait "${beside[$1]}" || touch "$events/$1.failed"
  unset "beside[$1]"
  cat "$events/$1.log"
}

# Ends the tests that run in the background, with the cluster that they brought up.
end_beside() {
  local process
  for process in "${beside[@]}"; do
    kill -TERM -- "-$process" 2>/dev/null || true
    wait "$process" || true
  done
}

# What is not allowed is refused before an hour of other tests.
if asked e2e && cluster_is_given; then
  need_leave_to_install
fi

rm -rf "$events"
mkdir -p "$events"
trap end_beside EXIT
if [ "$#" -gt 1 ] && [ "${SIDE_BY_SIDE:-false}" = true ]; then
  for tier in "${waiting[@]}"; do
    ! asked "$tier" || begin_beside "$tier"
  done
  renice -n 10 "$$" >/dev/null 2>&1 || true # whoever runs this with a higher value may not lower it
fi
for tier in "$@"; do
  [ -z "${beside[$tier]:-}" ] || continue
  echo "==> Tests: $tier"
  run "$tier"
done
for tier in "$@"; do
  [ -z "${beside[$tier]:-}" ] || await_beside "$tier"
done

printf '\nTime\n'
cat "$events"/*.time
failed=$(find "$events" -name '*.failed' -exec basename {} .failed \; | sort | paste -sd ' ')
[ -z "$failed" ] || echo "Failed: $failed" >&2
"$go" run ./hack/testcount "$events"
[ -z "$failed" ]
