"""Three nodes beside one: messages per CPU second of saturated nodes, and how many messages the nodes send each other for each that they deliver. README.md says what the cases are."""
import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request

from processes import Sink, settle
from servers import MailCluster
from throughput import DNS, DOMAINS, MX_HOSTS, MX_NET, SINK_PORT, name_server, source

PORT = 2725
SPACING = 10


def address(number):
    return f"127.0.0.1:{PORT + SPACING * number + 1002}"


def start(count, mode, folder):
    nodes = [MailCluster(mode, PORT + SPACING * number, SINK_PORT, DNS, folder, name=f"{count}-n{number + 1}",
                         nodes=[address(other) for other in range(count)] if count > 1 else []) for number in range(count)]
    for node in nodes:
        node.greeting_awaited()
    return nodes


def told_others(node):
    """Messages that the node has written for its peers since it started."""
    with urllib.request.urlopen(f"http://127.0.0.1:{node.port + 1001}/cluster", timeout=10) as page:
        lines = page.read().decode().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("told-others"))


def one_run(nodes, case, size, messages, sinks):
    """Messages a second, messages per CPU second, and remote messages per delivered one. Each node has its own 20 sessions and its own part of the messages."""
    before = sum(settle(node.pid) for node in nodes)
    told = sum(told_others(node) for node in nodes)
    already = sum(sink.messages() for sink in sinks)
    part = messages // len(nodes)
    begun = time.monotonic()
    senders = [subprocess.Popen(source(case, size, part, node.port), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for node in nodes]
    expected = part * len(nodes)
    while any(sender.poll() is None for sender in senders) or sum(sink.messages() for sink in sinks) - already < expected:
        if time.monotonic() > begun + 300 or any((sender.returncode or 0) != 0 for sender in senders):
            for sender in senders:
                sender.kill()
            raise SystemExit(f"{case}: {sum(sink.messages() for sink in sinks) - already} of {expected} delivered; {[sender.stderr.read().decode()[-300:] for sender in senders]}")
        time.sleep(0.004)
    seconds = time.monotonic() - begun
    told = sum(told_others(node) for node in nodes) - told
    cpu = sum(settle(node.pid) for node in nodes) - before
    return expected / seconds, expected / cpu, told / expected


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="r1:10240 r3:10240 r3:1024")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--messages", type=int, default=60000, help="of each run, over all nodes")
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="mailcluster-bench-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    names = name_server(folder)
    print(f"{os.cpu_count()} cores; medians of {args.runs} runs of {args.messages} messages")
    try:
        for text in args.cases.split():
            case, size = text.split(":")[0], int(text.split(":")[1])
            mode = {"r3": "mx"}.get(case, "relay")
            addresses = [(f"{MX_NET}.{n + 1}", 25) for n in range(MX_HOSTS)] if case == "r3" else [("127.0.0.1", SINK_PORT)]
            sinks = [Sink(host, port) for host, port in addresses]
            groups, runs = {}, {1: [], 3: []}
            try:
                # Both clusters stand all the time and take turns, so that the machine's drift meets both. The first run of each warms up and does not count.
                groups[3] = start(3, mode, folder)
                one = MailCluster(mode, PORT + SPACING * 5, SINK_PORT, DNS, folder, name="1-n1")
                groups[1] = [one]
                for run in range(args.runs + 1):
                    for count, nodes in groups.items():
                        figures = one_run(nodes, case, size, args.messages, sinks)
                        if run > 0:
                            runs[count].append(figures)
            finally:
                for nodes in groups.values():
                    for node in nodes:
                        node.stop()
                for sink in sinks:
                    sink.stop()
            one, three = (tuple(statistics.median(run[n] for run in runs[count]) for n in range(3)) for count in (1, 3))
            print(f"{text:10}  one node {one[0]:.0f}/s, {one[1]:.0f} per CPU second  three nodes {three[0]:.0f}/s, {three[1]:.0f} per CPU second, "
                  f"{three[2]:.4f} remote messages each  | per CPU second x{three[1] / one[1]:.2f}", flush=True)
    finally:
        names.terminate()
        names.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
