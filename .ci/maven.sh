#!/usr/bin/env bash
# Runs Maven in a folder, with its whole output in a file and the summary on the terminal.
#
#   .ci/maven.sh FOLDER GOAL...
set -euo pipefail
log=$CI_WORK/log/maven-$(basename "$(realpath "$1")").log
cd "$1"
shift
java=$("${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | head -n 1)
echo "mvn -B $*, $java"
if mvn -B -Dstyle.color=never "$@" >"$log" 2>&1; then
  # One line a module, then all modules' tests together.
  grep -E '^\[INFO\] Podium.*(SUCCESS|SKIPPED)' "$log" || true
  sed -n 's/^\[\(INFO\|WARNING\)\] Tests run: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\), Skipped: \([0-9]*\)$/\2 \5/p' "$log" |
    awk '{ run += $1; skipped += $2 } END { print run + 0 " tests run, " skipped + 0 " of them skipped" }'
else
  status=$?
  grep -E '^\[ERROR\]' "$log" | head -n 60 || true
  echo "the last lines of $log:"
  tail -n 30 "$log"
  exit $status
fi
