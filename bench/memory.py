"""Resident memory, restart and idle CPU of a MailCluster node. README.md says what the cases are."""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from processes import cpu_seconds, resident_mb, settle
from servers import MailCluster

PORT = 2725
HERE = os.path.dirname(os.path.abspath(__file__))


def inject(messages, size, domains):
    started = time.monotonic()
    subprocess.run([sys.executable, os.path.join(HERE, "inject.py"), str(PORT), str(messages), str(size), str(domains)], check=True, timeout=1500)
    return messages / (time.monotonic() - started)


def idle_cpu(folder):
    node = MailCluster("hold", PORT, 0, "", folder)
    settle(node.pid)
    before = cpu_seconds(node.pid)
    time.sleep(30)
    percent = (cpu_seconds(node.pid) - before) / 30 * 100
    node.stop()
    print(f"idle         {percent:.2f} % of a core over 30 s", flush=True)


def connections(folder, count=10_000):
    node = MailCluster("hold", PORT, 0, "", folder, "limits { connections = 20000, connections-per-client = 20000 }")
    warm = [session() for _ in range(200)]
    for client in warm:
        client.close()
    settle(node.pid)
    before = resident_mb(node.pid)
    clients = [session() for _ in range(count)]
    settle(node.pid)
    time.sleep(10)
    after = resident_mb(node.pid)
    node.kill()
    for client in clients:
        client.close()
    print(f"connections  {count} idle after EHLO: {before:.0f} -> {after:.0f} MB, growth {after - before:.0f} MB", flush=True)


def session():
    client = socket.create_connection(("127.0.0.1", PORT))
    client.recv(500)
    client.sendall(b"EHLO client.test\r\n")
    client.recv(2000)
    return client


def queued(folder, count):
    node = MailCluster("hold", PORT, 0, "", folder, f"limits {{ queue = {count + 1000}, transactions-per-connection = {count} }}")
    rate = inject(count, 1024, 1000)
    settle(node.pid)
    resident = resident_mb(node.pid)
    print(f"queued       {count} messages of 1 KiB over 1,000 destinations ({rate:.0f}/s): {resident:.0f} MB", flush=True)
    node.kill()
    started = time.monotonic()
    node.start()
    first = time.monotonic() - started
    inject(1, 1024, 1)
    print(f"restart      with them: {first:.2f} s to the greeting, {time.monotonic() - started:.2f} s to a 250; ", end="", flush=True)
    settle(node.pid)
    print(f"{resident_mb(node.pid):.0f} MB then", flush=True)
    node.kill()


def destinations(folder, count):
    # Nobody answers where they lead: each destination has been tried and waits, which is what costs most.
    node = MailCluster("mx", PORT, 0, "127.0.0.55:1", folder, f"limits {{ queue = {count + 1000}, transactions-per-connection = {count} }}")
    inject(count, 1024, count)
    settle(node.pid, limit=240)
    print(f"destinations {count} with one message each, all put off: {resident_mb(node.pid):.0f} MB", flush=True)
    node.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="idle connections queued destinations")
    parser.add_argument("--queued", type=int, default=1_000_000)
    parser.add_argument("--destinations", type=int, default=100_000)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="mailcluster-bench-", dir="/var/tmp")
    cases = {"idle": lambda: idle_cpu(folder), "connections": lambda: connections(folder),
             "queued": lambda: queued(folder, args.queued), "destinations": lambda: destinations(folder, args.destinations)}
    try:
        for case in args.cases.split():
            cases[case]()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
