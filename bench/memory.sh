#!/usr/bin/env bash
# Resident memory of a node with idle connections, with a million queued messages, with 100,000 destinations; restart; idle CPU.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build src/Node -c Release -v quiet -nologo
ulimit -n 65536
exec python3 -B bench/memory.py "$@"
