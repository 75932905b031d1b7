#!/usr/bin/env bash
# Checks what no linter of Go code does: that every Go file has the license header, the modules are tidy, every overlay builds, and every
# workflow and script parses.
# Usage: verify.sh "MODULES" "OVERLAYS" "SCRIPTS", each a list separated by spaces.
set -euo pipefail
cd "$(dirname "$0")/.."
read -ra modules <<<"$1"
read -ra overlays <<<"$2"
read -ra scripts <<<"$3"
read -ra kustomize <<<"${KUSTOMIZE:-kustomize}"

echo "license headers"
hack/license.sh check

for module in "${modules[@]}"; do
  echo "go mod tidy $module"
  "${GO:-go}" -C "$module" mod tidy -diff
done

for overlay in "${overlays[@]}"; do
  echo "kustomize build config/$overlay"
  "${kustomize[@]}" build "config/$overlay" >/dev/null
done

echo "actionlint"
read -ra actionlint <<<"${ACTIONLINT:-actionlint}"
"${actionlint[@]}"

for script in "${scripts[@]}"; do
  echo "bash -n $script"
  bash -n "$script"
done
if command -v shellcheck >/dev/null; then
  echo "shellcheck"
  shellcheck -x "${scripts[@]}"
fi
