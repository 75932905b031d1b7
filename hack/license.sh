#!/usr/bin/env bash
# Adds the license header of hack/boilerplate to every Go file that lacks it, or fails if a file lacks it.
# Usage: license.sh add|check
set -euo pipefail
cd "$(dirname "$0")/.."
header=hack/boilerplate/boilerplate.go.txt

# These files are part of the cache key of the local cluster. A change of them would build Kubernetes again, so they get the
# header when its version changes.
without=(':!hack/localcluster/kubernetes' ':!hack/localcluster/coredns' ':!hack/localcluster/pause')

# Untracked files count too: they may be part of the next commit.
mapfile -t lacking < <(git grep --untracked --files-without-match --fixed-strings "$(tail -n 1 "$header")" -- '*.go' "${without[@]}")

case $1 in
  add)
    for file in "${lacking[@]}"; do
      # The blank line keeps the header apart from the documentation of the package. Build constraints may follow it.
      with_header=$(cat "$header" && echo && cat "$file" && echo .)
      printf '%s' "${with_header%.}" >"$file"
    done
    echo "Added the license header to ${#lacking[@]} files."
    ;;
  check)
    if [ "${#lacking[@]}" -gt 0 ]; then
      echo "These files lack the license header; 'make license' adds it:" >&2
      printf '  %s\n' "${lacking[@]}" >&2
      exit 1
    fi
    ;;
  *)
    echo "usage: license.sh add|check" >&2
    exit 2
    ;;
esac
