#!/usr/bin/env bash
# Three saturated nodes beside one, in one run: throughput per CPU second, and remote messages per delivered one. See README.md; --help lists the options.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build src/Node -c Release -v quiet -nologo
exec python3 -B bench/cluster.py "$@"
