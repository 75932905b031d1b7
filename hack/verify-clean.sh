#!/usr/bin/env bash
# Fails when the work tree differs from the commit, untracked files included: something was generated or
# formatted anew, or was not committed.
set -euo pipefail
cd "$(dirname "$0")/.."

changed=$(git status --porcelain --untracked-files=all)
if [ -n "$changed" ]; then
  echo "The work tree differs from the commit:"
  echo "$changed"
  git --no-pager diff
  echo "Run 'make generate manifests fmt' and commit what it changes."
  exit 1
fi
echo "The work tree is as committed."
