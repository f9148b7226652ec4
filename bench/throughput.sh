#!/usr/bin/env bash
# Messages a second and CPU per message, beside Postfix in the same run. See README.md; --help lists the options.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build src/Node -c Release -v quiet -nologo
exec python3 -B bench/throughput.py "$@"
