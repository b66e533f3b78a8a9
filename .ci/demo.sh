#!/usr/bin/env bash
# The README's first command: it must rank for every viewer with both models; and then with every model of the zoo.
set -euo pipefail
expected=$(grep -c . models/catalogue/viewers.jsonl)

# counts FILE MODELS: that many rankings of five films for each viewer
counts() {
  local viewers rankings films
  viewers=$(grep -c '^liked ' "$1" || true)
  rankings=$(grep -c '^  movies-[a-z-]* version ' "$1" || true)
  films=$(grep -Ec '^ +[0-9]+  .* (19|20)[0-9]{2}  .* 0\.[0-9]{4}$' "$1" || true)
  echo "... $viewers viewers, $rankings rankings, $films films in all"
  [ "$viewers" = "$expected" ] && [ "$rankings" = $(($2 * expected)) ] && [ "$films" = $((5 * $2 * expected)) ] || {
    echo "demo: expected $expected viewers, $(($2 * expected)) rankings, $((5 * $2 * expected)) films"
    exit 1
  }
}

out=$CI_WORK/demo.txt
./podium demo >"$out"
sed -n '1,22p' "$out"
counts "$out" 2

models=$(cd models/repository && printf '%s\n' movies-*)
out=$CI_WORK/demo-all.txt
./podium demo --model "$(echo "${models//movies-/}" | paste -sd,)" >"$out"
for model in $models; do
  grep -m 1 -A 2 "^  $model version " "$out" || {
    echo "demo: no ranking by $model"
    exit 1
  }
done
counts "$out" "$(echo "$models" | wc -l)"
