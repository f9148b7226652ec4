#!/usr/bin/env bash
# A node of three hands its queue to the two others.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build src/Node -c Release -v quiet -nologo
exec python3 -B bench/handover.py "$@"
