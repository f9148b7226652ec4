#!/usr/bin/env bash
# Resident memory of a node with idle connections, with a million queued messages, with 100,000 destinations; restart; idle CPU.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build src/Node -c Release -v quiet -nologo
hard=$(ulimit -Hn)
[[ $hard == unlimited || $hard -gt 65536 ]] && hard=65536
ulimit -n "$hard"
exec python3 -B bench/memory.py "$@"
