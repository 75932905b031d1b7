#!/usr/bin/env bash
# Runs each fuzz test of this module for some time, one after the other.
# Usage: fuzz.sh TIME [PACKAGE...]   such as: fuzz.sh 30s ./apiserver
set -euo pipefail
cd "$(dirname "$0")/.."

go=${GO:-go}
time=$1
shift
if [ "$#" -eq 0 ]; then
  mapfile -t packages < <(grep -rl --include='*_test.go' '^func Fuzz' api apiserver cmd controllers | xargs -r -n 1 dirname | sort -u | sed 's|^|./|')
  set -- "${packages[@]}"
fi

# go test -fuzz instruments every package, even Kubernetes' types, which takes longer than the search. Only our code and the libraries
# that parse input should guide the search.
instrumented=()
for module in github.com/taskexec/taskexec github.com/santhosh-tekuri/jsonschema github.com/robfig/cron; do
  instrumented+=("-gcflags=$module/...=-d=libfuzzer")
done

mkdir -p bin/fuzz
for package in "$@"; do
  program=$PWD/bin/fuzz/$(echo "$package" | tr -c 'a-z0-9\n' _).test
  "$go" -C "$package" test -c "${instrumented[@]}" -o "$program" . # api/ is a module of its own
  # Findings are written to testdata/fuzz of the package, and run as seeds from then on.
  (
    cd "$package"
    for fuzzer in $("$program" -test.list '^Fuzz' | grep '^Fuzz'); do
      echo "==> $package $fuzzer"
      "$program" -test.run '^$' -test.fuzz "^$fuzzer\$" -test.fuzztime "$time" -test.parallel "${FUZZPARALLEL:-1}" \
        -test.fuzzcachedir "$OLDPWD/bin/fuzz/cache"
    done
  )
done
