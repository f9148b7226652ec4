"""How long a node of three takes to hand its queue to the two others: 100,000 messages of 10 KiB, everything durable on the same disk."""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

from processes import await_greeting

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    def __init__(self, folder, number, clusters):
        self.folder = os.path.join(folder, f"node-{number}")
        os.makedirs(self.folder)
        self.port, self.admin = free_port(), free_port()
        self.log = os.path.join(self.folder, "log")
        configuration = os.path.join(self.folder, "cluster.hocon")
        nodes = ", ".join(f'"127.0.0.1:{port}"' for port in clusters)
        with open(configuration, "w") as file:
            file.write(f'''mailcluster {{
  hostname = "node-{number}.test"
  data-directory = "data"
  listeners = [ {{ name = bench, bind = "127.0.0.1:{self.port}" }} ]
  http {{ bind = "127.0.0.1:{free_port()}" }}
  admin {{ bind = "127.0.0.1:{self.admin}" }}
  cluster {{ bind = "127.0.0.1:{clusters[number]}", nodes = [ {nodes} ] }}
  shutdown {{ delay = 0s, deliveries = 5s }}
  delivery {{ enabled = off }}
}}
''')
        self.process = subprocess.Popen(["dotnet", os.path.join(ROOT, "src/Node/bin/Release/net10.0/mailcluster.dll"), "--config", configuration],
                                        stdout=open(self.log, "a"), stderr=subprocess.STDOUT, cwd=self.folder)

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def said(self, pattern):
        with open(self.log) as file:
            return re.findall(pattern, file.read())

    def events(self, kind):
        folder = os.path.join(self.folder, "data", "events")
        ids = []
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name)) as file:
                ids += [event["id"] for event in map(json.loads, file) if event["type"] == kind]
        return ids


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=10_240)
    parser.add_argument("--folder", default=None, help="on the disk that is measured")
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="handover-", dir=arguments.folder)
    nodes = []
    try:
        clusters = [free_port() for _ in range(3)]
        nodes = [Node(folder, number, clusters) for number in range(3)]
        for node in nodes:
            await_greeting(node.port, node.process, node.log)
        leaving, peers = nodes[0], nodes[1:]
        subprocess.run(["smtp-source", "-s", "20", "-l", str(arguments.size), "-m", str(arguments.messages), "-d", "-N", "-f", "a@a.test", "-t", "b@b.test",
                        f"127.0.0.1:{leaving.port}"], check=True)
        before = [node.cpu() for node in nodes]
        began = time.monotonic()
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{leaving.admin}/handover", method="POST"))
        used = before[0]
        while leaving.process.poll() is None:
            try:
                used = leaving.cpu()
            except (OSError, IndexError):
                pass
            time.sleep(0.05)
        took = time.monotonic() - began
        steps = leaving.said(r"stopping: handover, (\d+) ms")
        receiving = sum(node.cpu() for node in peers) - sum(before[1:])
        for node in peers:
            node.process.send_signal(signal.SIGTERM)
            node.process.wait(60)
        given, taken = leaving.events("HandedOver"), [id for node in peers for id in node.events("TakenOver")]
        if leaving.process.returncode != 0 or not steps or len(given) != arguments.messages or sorted(given) != sorted(taken):
            raise SystemExit(f"exit code {leaving.process.returncode}; {len(given)} given, {len(taken)} taken\n" + open(leaving.log).read()[-3000:])
        seconds = int(steps[0]) / 1000
        print(f"{arguments.messages} messages of {arguments.size} octets: {seconds:.1f} s, {arguments.messages / seconds:.0f} messages/s, "
              f"{arguments.messages * arguments.size / seconds / 1e6:.0f} MB/s; the whole stop {took:.1f} s")
        print(f"shares of the receivers: {', '.join(str(len(node.events('TakenOver'))) for node in peers)}")
        print(f"CPU: donor {1000 * (used - before[0]) / arguments.messages:.3f} ms a message, receivers {1000 * receiving / arguments.messages:.3f} ms")
    finally:
        for node in nodes:
            if node.process.poll() is None:
                node.process.kill()
                node.process.wait()
        shutil.rmtree(folder)


main()
