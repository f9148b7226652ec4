"""Three nodes beside one: messages per CPU second of saturated nodes, and how many messages the nodes send each other for each that they deliver. Beside them one member of the cluster whose
two peers have no mail, and three nodes that know nothing of each other: what the cluster costs, and what three processes on the same cores cost. README.md says what the cases are."""
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
    before = settle(*(node.pid for node in nodes))
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
    cpu = settle(*(node.pid for node in nodes)) - before
    return expected / seconds, expected / cpu, told / expected


def a_start(case, size, mode, folder, args, sinks, runs):
    """Starts all nodes anew, warms them, and measures them in turns."""
    groups = {}
    try:
        # All stand all the time and take turns, so that the machine's drift meets all.
        groups["three"] = start(3, mode, folder)
        groups["one"] = [MailCluster(mode, PORT + SPACING * 5, SINK_PORT, DNS, folder, name="one")]
        groups["member"] = groups["three"][:1]
        groups["apart"] = [MailCluster(mode, PORT + SPACING * (6 + number), SINK_PORT, DNS, folder, name=f"apart-n{number + 1}") for number in range(3)]
        for nodes in (groups[which] for which in groups if which != "member"):
            one_run(nodes, case, size, args.warm * len(nodes), sinks)
        for _ in range(args.runs):
            for which, nodes in groups.items():
                runs[which].append(one_run(nodes, case, size, args.messages, sinks))
    finally:
        for node in {node for nodes in groups.values() for node in nodes}:
            node.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="r1:10240 r3:10240 r3:1024")
    parser.add_argument("--starts", type=int, default=3, help="how often all nodes are started anew: what a process costs differs from start to start")
    parser.add_argument("--runs", type=int, default=3, help="of each start")
    parser.add_argument("--messages", type=int, default=60000, help="of each run, over all nodes")
    parser.add_argument("--warm", type=int, default=100000, help="messages that each node has had before it is measured, so that its code is compiled for good")
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="mailcluster-bench-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    names = name_server(folder)
    print(f"{os.cpu_count()} cores; medians of {args.runs} runs of {args.messages} messages at each of {args.starts} starts")
    try:
        for text in args.cases.split():
            case, size = text.split(":")[0], int(text.split(":")[1])
            mode = {"r3": "mx"}.get(case, "relay")
            addresses = [(f"{MX_NET}.{n + 1}", 25) for n in range(MX_HOSTS)] if case == "r3" else [("127.0.0.1", SINK_PORT)]
            sinks = [Sink(host, port) for host, port in addresses]
            runs = {"one": [], "member": [], "three": [], "apart": []}
            try:
                for _ in range(args.starts):
                    a_start(case, size, mode, folder, args, sinks, runs)
            finally:
                for sink in sinks:
                    sink.stop()
            median = {which: [statistics.median(run[figure] for run in runs[which]) for figure in range(3)] for which in runs}
            print(f"{text:10}  " + "  ".join(f"{which} {rate:.0f}/s, {per_cpu:.0f} per CPU second" for which, (rate, per_cpu, _) in median.items())
                  + f"  | {median['three'][2]:.4f} remote messages each, per CPU second three/one x{median['three'][1] / median['one'][1]:.2f}"
                  + f", member/one x{median['member'][1] / median['one'][1]:.2f}, apart/one x{median['apart'][1] / median['one'][1]:.2f}, three/apart x{median['three'][1] / median['apart'][1]:.2f}", flush=True)
    finally:
        names.terminate()
        names.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
