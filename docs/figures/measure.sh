#!/usr/bin/env bash
# Measures what docs/performance.md and README.md show, and draws it.
#
#   docs/figures/measure.sh [PART ...]     default: bench off inspect stress profile
#
#   bench     podium bench, Podium beside a bare session       about 4 min
#   off       the same with compiler and tiles switched off     about 4 min
#   inspect   podium inspect, both bench models                 about 10 s
#   imports   podium inspect, exports of other packages; Python environments for those packages (some 3 GB) come first
#   stress    podium stress overload, fairness, parallelism, small   about 8 min
#   soak, kill, expiry     further programs of podium stress
#   profile   where CPU time goes, room by room; needs a JDK 25 (JAVA_HOME_25, or one in /usr/lib/jvm)
#
# Each part leaves JSON files in this folder; docs/figures/draw.py makes pages, plots and tables of them. Nothing else should run
# meanwhile. TURN (default 20s, in whole seconds) is the length of a profile.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
podium=./podium
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
turn=${TURN:-20s}

jdk_25() {
  local home
  for home in ${JAVA_HOME_25:-} /usr/lib/jvm/*; do
    if [ -x "$home/bin/java" ] && grep -q '^JAVA_VERSION="2[5-9]' "$home/release" 2>/dev/null; then
      echo "$home"
      return
    fi
  done
  echo "profile: no JDK 25 (expected: JAVA_HOME_25, or one in /usr/lib/jvm)" >&2
  return 1
}

# profile NAME MODEL SIZE: the server's process and the generator's, each into a file of its own.
profile() {
  local home recordings=$work/$1 rate name output folder file
  home=$(jdk_25)
  mkdir -p "$recordings"
  # Both JVMs take the options, the bench's own and the server's, and each has a folder of its own there. The server
  # ends itself too fast for a recording to be written out, so what was flushed until then is put together below.
  JAVA_HOME=$home PODIUM_JAVA_OPTS="-XX:FlightRecorderOptions:repository=$recordings,preserve-repository=true -XX:StartFlightRecording=settings=$here/cpu.jfc,dumponexit=false" \
    $podium bench --model "$2" --sizes "$3" --rounds 1 --turn "$turn" --warmup "$turn" --json "$work/$1.json" >&2
  # The first row is the server's.
  rate=$(sed -n 's/.*"candidates_per_s" : \([0-9.E]*\).*/\1/p' "$work/$1.json" | head -n 1 | awk -v candidates="${3%x*}" '{print $1 / candidates}')
  for folder in "$recordings"/*/; do
    file=$work/assembled.jfr
    rm -f "$file"
    "$home/bin/jfr" assemble "$folder" "$file" >/dev/null
    name=generator
    output=$here/profile-$1-generator.json
    if "$home/bin/jfr" print --events jdk.JVMInformation "$file" | grep -q 'dev.podium.cli.Main serve'; then
      name=server
      output=$here/profile-$1.json
    fi
    # Two seconds less than the turn, so that nothing before it is looked at.
    "$home/bin/java" "$here/Rooms.java" "$name, $2, ${3/x/ candidates, } callers" "$file" $((${turn%s} - 2)) "$rate" >"$work/rooms"
    mv "$work/rooms" "$output"
  done
}

part() {
  case $1 in
    bench) $podium bench --json "$here/bench.json" ;;
    off) $podium bench --off --json "$here/off.json" ;;
    inspect)
      for model in deepfm din; do
        $podium inspect "models/bench/$model" --output json >"$work/$model.json"
        mv "$work/$model.json" "$here/inspect-$model.json"
      done
      ;;
    imports)
      .ci/check_interop.py --bench >&2
      for model in rechub-din deepctr-din recbole-din recbole-pnn rechub-deepfm deepctr-deepfm recbole-deepfm; do
        $podium inspect "${CI_WORK:-build/ci}/interop/bench/models/$model" --output json >"$work/$model.json"
        mv "$work/$model.json" "$here/imports-$model.json"
      done
      ;;
    stress)
      for program in overload fairness parallelism small; do
        $podium stress "$program" --json "$here/stress-$program.json"
      done
      ;;
    soak | kill | expiry) $podium stress "$1" --json "$here/stress-$1.json" ;;
    profile)
      profile deepfm-10 deepfm 10x8
      profile deepfm-500 deepfm 500x4
      profile din-500 din 500x4
      ;;
    *)
      echo "measure.sh: '$1' (expected: bench, off, inspect, imports, stress, soak, kill, expiry or profile)" >&2
      exit 2
      ;;
  esac
}

if [ $# -eq 0 ]; then
  set -- bench off inspect stress profile
fi
for name in "$@"; do
  echo "== $name" >&2
  part "$name"
done
"$here/draw.py"
