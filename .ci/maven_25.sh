#!/usr/bin/env bash
# mvn verify on JDK 25, in a copy of the tree so that nothing built by the default JDK is taken over.
# JAVA_HOME_25 names the JDK; otherwise it is looked for where Linux distributions put them.
set -euo pipefail

major() {
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null || true
}

found=${JAVA_HOME_25:-}
for home in /usr/lib/jvm/*; do
  if [ -z "$found" ] && [ -x "$home/bin/javac" ] && [ "$(major "$home")" = 25 ]; then
    found=$home
  fi
done
if [ -z "$found" ]; then
  echo "no JDK 25 in /usr/lib/jvm (expected: one there, or JAVA_HOME_25)"
  exit 77
fi
copy=$CI_WORK/jdk25
mkdir -p "$copy"
# What an earlier run left there and the tree no longer has would be built too.
find "$copy" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard --deduplicate |
  while IFS= read -r -d '' file; do
    if [ -e "$file" ]; then printf '%s\0' "$file"; fi
  done | tar --null --files-from=- --create | tar --extract --directory "$copy"
JAVA_HOME=$found exec .ci/maven.sh "$copy" verify
