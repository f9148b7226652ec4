"""Messages a second and CPU per message of MailCluster and Postfix in the same run. README.md says what the cases are."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from processes import Sink, cpu_seconds, resident_mb, settle
from servers import MailCluster, Postfix

PORT = 2625
SINK_PORT = 2627
DNS = "127.0.0.54:53"
MX_NET, MX_HOSTS, DOMAINS = "127.0.26", 10, 1000
MESSAGES = {"direct": 20000, "mailcluster": 20000, "postfix": 4000}


def name_server(folder):
    """nsd with 1,000 domains over ten mail exchangers."""
    with open(os.path.join(folder, "test.zone"), "w") as zone:
        zone.write("$ORIGIN test.\n$TTL 3600\n@ IN SOA ns admin 1 3600 600 86400 3600\n@ IN NS ns\nns IN A 127.0.0.54\n")
        for n in range(MX_HOSTS):
            zone.write(f"mx{n} IN A {MX_NET}.{n + 1}\n")
        for n in range(DOMAINS):
            zone.write(f"d{n:04} IN MX 10 mx{n % MX_HOSTS}\n")
    with open(os.path.join(folder, "nsd.conf"), "w") as file:
        file.write(f"""server:
  ip-address: {DNS.split(':')[0]}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  database: ""
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: test
  zonefile: test.zone
""")
    return subprocess.Popen(["nsd", "-d", "-c", os.path.join(folder, "nsd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def source(case, size, messages, port):
    if case == "r3":
        here = os.path.dirname(os.path.abspath(__file__))
        return [sys.executable, os.path.join(here, "inject.py"), str(port), str(messages), str(size), str(DOMAINS)]
    keep = [] if case == "r2" else ["-d"]
    return ["smtp-source", *keep, "-s", "20", "-m", str(messages), "-l", str(size), "-M", "source.test",
            "-f", "sender@source.test", "-t", "user@dest.test", f"127.0.0.1:{port}"]


def one_run(case, size, messages, port, sinks, pid):
    """Messages a second, CPU milliseconds a message, resident megabytes."""
    before = settle(pid) if pid else 0
    already = sum(sink.messages() for sink in sinks)
    start = time.monotonic()
    sender = subprocess.Popen(source(case, size, messages, port), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    expected = 0 if case == "i1" else messages
    end = start + 180
    while sender.poll() is None or sum(sink.messages() for sink in sinks) - already < expected:
        if time.monotonic() > end or (sender.returncode or 0) != 0:
            sender.kill()
            got = sum(sink.messages() for sink in sinks) - already
            raise SystemExit(f"{case}: {got} of {expected} delivered, source {sender.returncode}: {sender.stderr.read().decode()[-300:]}")
        time.sleep(0.004)
    seconds = time.monotonic() - start
    resident = resident_mb(pid) if pid else 0
    after = settle(pid) if pid else 0
    got = sum(sink.messages() for sink in sinks) - already
    if got != expected:
        raise SystemExit(f"{case}: {got} delivered, {expected} sent")
    return messages / seconds, 1000 * (after - before) / messages, resident


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="r1:10240 r1:1024 r1:102400 r2:10240 r3:10240 i1:10240")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", help="mailcluster or postfix alone, without ratios")
    parser.add_argument("--scale", type=float, default=1, help="times the usual number of messages")
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="mailcluster-bench-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    names = name_server(folder)
    servers = [server for server in (Postfix, MailCluster) if args.only in (None, server.name)]
    print(f"{os.cpu_count()} cores; medians of {args.runs} runs; messages/s and CPU ms a message")
    try:
        for text in args.cases.split():
            case, size = text.split(":")[0], int(text.split(":")[1])
            mode = {"r3": "mx", "i1": "hold"}.get(case, "relay")
            addresses = {"r3": [(f"{MX_NET}.{n + 1}", 25) for n in range(MX_HOSTS)], "i1": []}.get(case, [("127.0.0.1", SINK_PORT)])
            part = args.scale / (1 if size < 100000 else 4)
            figures = {}
            if case in ("r1", "r3"):
                sink = Sink("127.0.0.1", SINK_PORT)
                direct = [one_run(case, size, int(MESSAGES["direct"] * part), SINK_PORT, [sink], None)[0] for _ in range(args.runs)]
                sink.stop()
                figures["direct"] = (statistics.median(direct), 0, 0)
            runs = {server.name: [] for server in servers}
            for server in servers:
                sinks = [Sink(host, port) for host, port in addresses]
                running = server(mode, PORT, SINK_PORT, DNS, folder)
                try:
                    for _ in range(args.runs):
                        runs[server.name].append(one_run(case, size, int(MESSAGES[server.name] * part), PORT, sinks, running.pid))
                finally:
                    running.stop()
                    for sink in sinks:
                        sink.stop()
            for name, list_ in runs.items():
                figures[name] = tuple(statistics.median(run[n] for run in list_) for n in range(3))
            line = f"{text:10}"
            for name, (rate, cpu, resident) in figures.items():
                line += f"  {name} {rate:.0f}/s" + (f" {cpu:.3f} ms {resident:.0f} MB" if cpu else "")
            if "postfix" in figures and "mailcluster" in figures:
                ours, theirs = figures["mailcluster"], figures["postfix"]
                line += f"  | rate x{ours[0] / theirs[0]:.2f}  cpu 1/{theirs[1] / ours[1]:.1f}"
            if "direct" in figures and "mailcluster" in figures:
                line += f"  of direct {figures['mailcluster'][0] / figures['direct'][0]:.2f}"
            print(line, flush=True)
    finally:
        names.terminate()
        names.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
