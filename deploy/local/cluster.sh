#!/usr/bin/env bash
# A MailCluster of several nodes on this machine, for trying and testing. Everything is on 127.0.0.1 and below one folder.
#
#   deploy/local/cluster.sh up [N]     starts N nodes (3), waits until they are one cluster, prints where they are
#   deploy/local/cluster.sh status     each node: is it ready, and whom does it see
#   deploy/local/cluster.sh down       stops them in order; their mail stays on their disks for the next "up"
#
# Mail goes to a sink on this machine, which prints a line for each message: nothing leaves it. A node's cluster.hocon is written once and is yours to change;
# "up" only keeps its list of nodes right.
#
# Environment:
#   MAILCLUSTER_LOCAL           the folder (./cluster-local)
#   MAILCLUSTER_LOCAL_OFFSET    added to every port (0), where something else has the usual ones
#   MAILCLUSTER_LOCAL_PROGRAM   a mailcluster.dll to run; without it the sources beside this script are published into the folder when they have changed
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
script="$root/deploy/local/$(basename "${BASH_SOURCE[0]}")"
folder="${MAILCLUSTER_LOCAL:-$PWD/cluster-local}"
offset="${MAILCLUSTER_LOCAL_OFFSET:-0}"
most=40
restart_me=75       # how a node ends that was in a minority: its supervisor starts it again

fail() { echo "cluster.sh: $*" >&2; exit 1; }
usage() { sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//; p;}' "${BASH_SOURCE[0]}"; }

# Ports: ten apart for neighbours. The bootstrap's is the cluster's and 37.
smtp_port() { echo $((2525 + offset + 10 * ($1 - 1))); }
http_port() { echo $((8080 + offset + 10 * ($1 - 1))); }
admin_port() { echo $((8081 + offset + 10 * ($1 - 1))); }
cluster_port() { echo $((4053 + offset + 10 * ($1 - 1))); }
bootstrap_port() { echo $((4090 + offset + 10 * ($1 - 1))); }
handover_port() { echo $((4054 + offset + 10 * ($1 - 1))); }
sink_port=$((2524 + offset))

# The nodes that have a folder here.
existing() {
    local number
    for ((number = 1; number <= most; number++)); do
        if [ -d "$folder/n$number" ]; then echo "$number"; fi
    done
}

# The process of a pid file, if it is still the one that was started: numbers are used again.
pid_of() {
    local pid
    [ -s "$1/pid" ] || return 1
    pid="$(cat "$1/pid")"
    [[ "$(ps -p "$pid" -o command= 2>/dev/null)" == *mailcluster* ]] || return 1
    echo "$pid"
}

is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A page of a node, without curl.
get() {
    local status line
    {
        exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
        printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
        read -r -t 5 -u 3 status || return 1
        while read -r -t 5 -u 3 line && [ "$line" != $'\r' ]; do :; done
        timeout 5 cat <&3 || true
        exec 3>&-
    } 2>/dev/null
    [[ "$status" == *" 200 "* ]]
}

build() {
    if [ -n "${MAILCLUSTER_LOCAL_PROGRAM:-}" ]; then
        program="$MAILCLUSTER_LOCAL_PROGRAM"
        [ -f "$program" ] || fail "MAILCLUSTER_LOCAL_PROGRAM: there is no $program"
        return
    fi
    program="$folder/bin/mailcluster.dll"
    if [ -f "$program" ] && [ -z "$(find "$root/src" -newer "$program" \( -name '*.cs' -o -name '*.csproj' -o -name '*.proto' -o -name '*.hocon' \) -not -path '*/obj/*' -not -path '*/bin/*' -print -quit)" ]; then
        return
    fi
    local number
    for number in $(existing); do
        if pid_of "$folder/n$number" >/dev/null; then
            echo "The sources have changed; the nodes that run keep the program they were started with. \"down\", then \"up\", takes the new one."
            return
        fi
    done
    command -v dotnet >/dev/null || fail "dotnet is missing: install the .NET 10 SDK, https://dotnet.microsoft.com/download"
    echo "Building, which takes a moment ..."
    dotnet publish "$root/src/Node" -c Release -o "$folder/bin" -v quiet -nologo >"$folder/build.log" 2>&1 || { cat "$folder/build.log" >&2; fail "the build failed"; }
    touch "$program"
}

configure() {
    local number="$1" nodes="$2" file="$folder/n$1/cluster.hocon"
    mkdir -p "$folder/n$number"
    if [ ! -f "$file" ]; then
        cat >"$file" <<END
# Node $number of a cluster on one machine. Written once by cluster.sh, yours to change; docs/configuration.md has every key.
mailcluster {
  hostname = "n$number.cluster.test"
  data-directory = "data"
  listeners = [ { name = relay, bind = "127.0.0.1:$(smtp_port "$number")" } ]
  http { bind = "127.0.0.1:$(http_port "$number")" }
  admin { bind = "127.0.0.1:$(admin_port "$number")" }
  cluster {
    bind = "127.0.0.1:$(cluster_port "$number")"
    handover = "127.0.0.1:$(handover_port "$number")"
    nodes = []    # kept by cluster.sh
  }

  # All mail goes to the sink that cluster.sh starts. Without this line it goes into the world, by MX.
  routes = [ { domain = "*", to = "127.0.0.1:$sink_port" } ]

  # No load balancer has to notice that a node goes.
  shutdown { delay = 0s }
}
END
    fi
    sed "s|^\( *nodes = \)\[.*\]\( *# kept by cluster.sh\)|\1[$nodes]\2|" "$file" >"$file.new"
    mv "$file.new" "$file"
}

# A node's supervisor: started in the background by "up".
run() {
    local node="$1" program="$2" code=0
    while :; do
        dotnet "$program" --config "$node/cluster.hocon" &
        echo $! >"$node/pid"
        code=0
        wait $! || code=$?
        if [ "$code" -ne "$restart_me" ] || [ -e "$node/stopping" ]; then exit "$code"; fi
        sleep 1
    done
}

start_sink() {
    mkdir -p "$folder/sink"
    if pid_of "$folder/sink" >/dev/null; then return; fi
    if is_open "$sink_port"; then fail "port $sink_port (the sink) is taken by another process: end it, or set MAILCLUSTER_LOCAL_OFFSET"; fi
    nohup dotnet "$program" sink --bind "127.0.0.1:$sink_port" >>"$folder/sink/log" 2>&1 </dev/null &
    echo $! >"$folder/sink/pid"
}

up() {
    local count="${1:-3}" number nodes="" what port begun=() pid
    if ! [[ "$count" =~ ^[0-9]{1,3}$ ]] || [ "$count" -lt 1 ] || [ "$count" -gt "$most" ]; then fail "up N: from 1 to $most nodes, not \"$count\""; fi
    mkdir -p "$folder"
    for number in $(existing); do
        if [ "$number" -gt "$count" ]; then
            if pid_of "$folder/n$number" >/dev/null; then fail "n$number runs: \"down\" first, to go on with fewer nodes"; fi
            echo "n$number is not started; what mail it has stays on its disk."
        fi
    done
    build
    for ((number = 1; number <= count; number++)); do
        if pid_of "$folder/n$number" >/dev/null; then continue; fi
        for what in smtp http admin cluster bootstrap handover; do
            port="$("${what}_port" "$number")"
            if is_open "$port"; then fail "port $port ($what of n$number) is taken by another process: end it, or set MAILCLUSTER_LOCAL_OFFSET"; fi
        done
    done
    for ((number = 1; number <= count; number++)); do nodes="$nodes${nodes:+, }\"127.0.0.1:$(cluster_port "$number")\""; done
    if [ "$count" -eq 1 ]; then nodes=""; fi
    start_sink
    for ((number = 1; number <= count; number++)); do
        if pid_of "$folder/n$number" >/dev/null; then echo "n$number runs already."; continue; fi
        configure "$number" "$nodes"
        rm -f "$folder/n$number/pid" "$folder/n$number/stopping"
        nohup "$script" run "$folder/n$number" "$program" >>"$folder/n$number/log" 2>&1 </dev/null &
        begun+=("$number")
    done

    echo "Waiting until all are ready ..."
    local end=$((SECONDS + 90))
    for ((number = 1; number <= count; number++)); do
        until get "$(http_port "$number")" /readyz >/dev/null; do
            if [ "$SECONDS" -gt "$end" ] || { [ -s "$folder/n$number/pid" ] && ! pid_of "$folder/n$number" >/dev/null && sleep 2 && ! pid_of "$folder/n$number" >/dev/null; }; then
                echo "n$number is not ready. The end of $folder/n$number/log:" >&2
                tail -n 15 "$folder/n$number/log" >&2
                fail "not all nodes are up; \"status\" shows the others, \"down\" stops them"
            fi
            sleep 0.2
        done
    done
    # Each is ready by itself a moment before it sees the last of the others.
    for ((number = 1; number <= count; number++)); do
        until [ "$(get "$(admin_port "$number")" /cluster | grep -c ' up reachable')" -ge "$count" ]; do
            [ "$SECONDS" -le "$end" ] || fail "n$number does not see all $count nodes; see \"status\" and $folder/n$number/log"
            sleep 0.2
        done
    done

    echo
    printf '%-5s %-17s %-31s %-23s %s\n' node SMTP health operators log
    for ((number = 1; number <= count; number++)); do
        printf '%-5s %-17s %-31s %-23s %s\n' "n$number" "127.0.0.1:$(smtp_port "$number")" "http://127.0.0.1:$(http_port "$number")/readyz" \
            "http://127.0.0.1:$(admin_port "$number")" "$folder/n$number/log"
    done
    printf '%-5s %-17s %-31s %-23s %s\n' sink "127.0.0.1:$sink_port" "" "" "$folder/sink/log"
    echo
    echo "Any node takes any mail. Send one, and see it arrive:"
    echo
    echo "    swaks --server 127.0.0.1:$(smtp_port 1) --from you@example.com --to somebody@example.org --header 'Subject: first mail'"
    echo "    tail -n 3 $folder/sink/log"
}

status() {
    local number pid state members line any=no
    for number in $(existing); do
        any=yes
        if ! pid="$(pid_of "$folder/n$number")"; then
            echo "n$number: not running"
            continue
        fi
        state="$(get "$(http_port "$number")" /readyz | tr '\n' ' ')" || true
        echo "n$number: process $pid, ${state:-not ready}"
        if members="$(get "$(admin_port "$number")" /cluster)"; then while read -r line; do echo "    $line"; done <<<"$members"; fi
    done
    [ "$any" = yes ] || echo "There is no cluster in $folder."
}

down() {
    local number pid any=no
    for number in $(existing); do
        touch "$folder/n$number/stopping"
        pid="$(pid_of "$folder/n$number")" || continue
        any=yes
        echo "n$number stops ..."
        kill -TERM "$pid"
        local end=$((SECONDS + 240))
        while pid_of "$folder/n$number" >/dev/null; do
            [ "$SECONDS" -le "$end" ] || fail "n$number (process $pid) has not stopped in 240 s; see $folder/n$number/log"
            sleep 0.1
        done
        rm -f "$folder/n$number/pid"
    done
    if pid="$(pid_of "$folder/sink")"; then
        kill -TERM "$pid"
        rm -f "$folder/sink/pid"
    fi
    if [ "$any" = yes ]; then echo "All stopped. Their data stays in $folder."; else echo "No node was running in $folder."; fi
}

case "${1:-}" in
    up) up "${2:-3}" ;;
    down) down ;;
    status) status ;;
    run) run "$2" "$3" ;;
    -h | --help | help) usage ;;
    *) usage >&2; exit 1 ;;
esac
