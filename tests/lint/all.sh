#!/usr/bin/env bash
# All lints; says which failed.
cd "$(dirname "$0")" || exit 2
rc=0
for lint in check_*; do
  ./"$lint" || { [ $? -eq 77 ] || { echo "-- $lint"; rc=1; }; }
done
exit $rc
