#!/usr/bin/env bash
# Opens load-test pages in a headless Chromium, and fails if one logs anything, draws too little or breaks in the dark.
#
#   loadtest/report-page.sh [PAGE.html ...]
#
# Without arguments: the pages that the module's tests left in target/report-pages. Pictures go to $PICTURES, if set.
set -euo pipefail

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "report-page: no chromium (expected: apt-get install chromium)" >&2
  exit 2
}
if [ $# -eq 0 ]; then
  set -- "$(dirname "$0")"/target/report-pages/*.html
fi
[ -f "$1" ] || {
  echo "report-page: $1: no such file (expected: mvn -pl loadtest -am verify first)" >&2
  exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

open_page() { # scheme (0 dark, 1 light), page, more options
  local scheme=$1 page=$2
  shift 2
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --no-first-run \
    --disable-quic --disable-background-networking --disable-component-update --disable-sync \
    --enable-logging=stderr --blink-settings="preferredColorScheme=$scheme" --window-size=1280,1900 \
    "$@" "file://$(realpath "$page")" 2>"$work/log"
}

status=0
for page in "$@"; do
  name=$(basename "$page" .html)
  case $name in
    nothing-answered) least=0 ;;
    *) least=5 ;;
  esac
  for scheme in 0 1; do
    open_page "$scheme" "$page" --dump-dom >"$work/dom"
    charts=$(sed -n 's/.*<body[^>]*data-charts="\([0-9]*\)".*/\1/p' "$work/dom")
    if grep 'CONSOLE' "$work/log"; then
      echo "report-page: $name: the page logged the lines above (expected: none)" >&2
      status=1
    elif [ -z "$charts" ] || [ "$charts" -lt "$least" ]; then
      echo "report-page: $name: ${charts:-no} charts (expected: at least $least)" >&2
      status=1
    elif grep -q 'NaN\|undefined' <(sed '/<script/,/<.script>/d' "$work/dom"); then
      echo "report-page: $name: NaN or undefined on the page (expected: neither)" >&2
      status=1
    else
      echo "report-page: $name, $([ "$scheme" = 0 ] && echo dark || echo light): $charts charts, nothing logged"
    fi
    if [ -n "${PICTURES:-}" ]; then
      open_page "$scheme" "$page" --screenshot="$PICTURES/$name-$([ "$scheme" = 0 ] && echo dark || echo light).png" >/dev/null
    fi
  done
done
exit $status
