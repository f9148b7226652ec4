#!/usr/bin/env bash
# Installs what the tests need, builds everything, and runs all tests.
#
#   tests/run.sh                 all of it
#   tests/run.sh --no-install    without the Debian packages (they are there already)
#   tests/run.sh PROJECT...      only these, e.g. Protocol.Tests Spool.Tests
#
# Ends with one line "N passed, N failed, N skipped"; exits non-zero on any failure and when no test ran.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

install=yes
if [ "${1:-}" = --no-install ]; then install=no; shift; fi
projects=("$@")
[ ${#projects[@]} -gt 0 ] || projects=(Protocol.Tests Spool.Tests Actors.Tests Cluster.Tests EndToEnd.Tests Deployment.Tests)

packages=(postfix swaks nsd haproxy iproute2 nftables procps e2fsprogs mount util-linux)
if [ "$install" = yes ]; then
    missing=()
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        if [ "$(id -u)" -ne 0 ]; then
            echo "These Debian packages are needed and only root can install them: ${missing[*]}" >&2
            exit 1
        fi
        export DEBIAN_FRONTEND=noninteractive
        echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || exit 1
    fi
fi
# kubectl 1.20 renders the manifests in Deployment.Tests. Debian's package is unpacked and not installed: it shares its file with other packages that bring a
# kubectl, and then cannot be installed beside them. A newer kubectl in PATH renders them too.
kubectl=artifacts/kubernetes-client/usr/bin/kubectl
unpack_kubectl() {
    local folder
    folder="$(mktemp -d)" || return
    # As a user that may not write there apt downloads for itself, and says so.
    (cd "$folder" && apt-get download -qq kubernetes-client >/dev/null 2>&1 && dpkg -x ./kubernetes-client_*.deb unpacked) &&
        mkdir -p artifacts && rm -rf artifacts/kubernetes-client && mv "$folder/unpacked" artifacts/kubernetes-client
    local status=$?
    rm -rf "$folder"
    return "$status"
}
if [ "$install" = yes ] && ! [ -x "$kubectl" ]; then
    if ! unpack_kubectl; then
        # Package lists may be missing or old.
        [ "$(id -u)" -ne 0 ] || apt-get update -qq
        unpack_kubectl || echo "Debian's kubernetes-client cannot be had: Deployment.Tests will say what it misses." >&2
    fi
fi
[ "$(id -u)" -eq 0 ] || echo "Not root: the tests that mount file systems or start Postfix leave themselves out, each saying so."

dotnet build MailCluster.sln -c Release -v quiet -nologo || exit 1

passed=0 failed=0 skipped=0
for project in "${projects[@]}"; do
    echo "== $project"
    log="$(mktemp)"
    # One assembly at a time: the machine is small, and a test that waits for an event should not wait for another test's load.
    timeout --kill-after=30 "${TEST_TIMEOUT:-2400}" dotnet test --project "tests/$project" -c Release --no-build --no-progress 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    count() { grep -E "^ *$1: [0-9]+" "$log" | tail -n 1 | grep -oE '[0-9]+' || echo 0; }
    p=$(count succeeded) f=$(count failed) s=$(count skipped)
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then echo "$project ended with status $status"; f=1; fi
    if [ "$p" -eq 0 ] && [ "$f" -eq 0 ]; then echo "$project ran no test"; f=1; fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    rm -f "$log"
done
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ "$failed" -eq 0 ]
