#!/usr/bin/env bash
# Everything `make test` proves: lints, then all tests under ASan and UBSan, in one build. The last line
# counts them: "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
passed=0 failed=0 skipped=0

step() { # name, command...: runs, prints what failed
  local name=$1 log rc
  shift
  log=$(mktemp)
  "$@" >"$log" 2>&1
  rc=$?
  if [ $rc -eq 0 ]; then
    passed=$((passed + 1)); echo "ok      $name"
  elif [ $rc -eq 77 ]; then
    skipped=$((skipped + 1)); echo "skipped $name: $(tail -n 1 "$log")"
  else
    failed=$((failed + 1)); echo "FAILED  $name"; sed 's/^/        /' "$log" | tail -n 60
  fi
  rm -f "$log"
}

echo "== lints"
for lint in tests/lint/check_*; do
  name=$(basename "$lint")
  step "lint.${name#check_}" "$lint"
done

echo "== build (ASan, UBSan)"
cmake --preset asan >/dev/null || exit 1
cmake --build --preset asan -j "$jobs" | tail -n 3
[ "${PIPESTATUS[0]}" -eq 0 ] || { echo "the build failed"; cmake --build --preset asan -j "$jobs" | tail -n 40; exit 1; }

echo "== tests"
log=$(mktemp)
ctest --preset asan -j "$jobs" --timeout 900 2>&1 | tee "$log" | grep -E '^ *[0-9]+/[0-9]+ |^Errors|^The following' 
# ctest's own count
total=$(grep -cE '^ *[0-9]+/[0-9]+ Test' "$log")
bad=$(grep -cE '^ *[0-9]+/[0-9]+ Test.*\*\*\*(Failed|Timeout|Exception|Not Run)' "$log")
left_out=$(grep -cE '^ *[0-9]+/[0-9]+ Test.*\*\*\*Skipped' "$log")
if [ "$bad" -gt 0 ]; then
  grep -vE '^ *(Start|[0-9]+/[0-9]+ Test) ' "$log" | tail -n 150
fi
# a proof prints its figures in lines that start with "proof:"
grep -rhE '^proof:' build/asan/Testing/Temporary/LastTest.log 2>/dev/null | sort -u
rm -f "$log"
passed=$((passed + total - bad - left_out)); failed=$((failed + bad)); skipped=$((skipped + left_out))

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
