#!/usr/bin/env bash
# The cluster's tests over real nodes with the full durations: partitions and losses of a minute, several rounds of restarts. About a quarter of an hour.
# As root, on Linux; tests/run.sh has the short form of each.
#
#   tests/cluster-long.sh              all of them
#   tests/cluster-long.sh CutOffTests  one class
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MAILCLUSTER_LONG=1
dotnet build tests/Cluster.Tests -c Release -v quiet -nologo
for class in "${@:-SettledClusterTests KilledNodeTests CutOffTests GrowthTests}"; do
    for each in $class; do
        dotnet test --project tests/Cluster.Tests -c Release --no-build --no-progress --output Detailed -- --filter-class "*.$each"
    done
done
