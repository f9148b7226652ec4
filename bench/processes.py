"""Starts and measures the processes of a benchmark run. Linux only."""
import os
import signal
import socket
import subprocess
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """The process and its descendants."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as children:
                    found += [int(child) for child in children.read().split()]
        except OSError:
            pass
    return found


def cpu_seconds(pid):
    """User and system time of the process, its living descendants, and those that any of them has waited for."""
    total = 0
    for process in tree(pid):
        try:
            with open(f"/proc/{process}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            total += sum(int(ticks) for ticks in fields[11:15])
        except OSError:
            pass
    return total / TICK


def resident_mb(pid):
    """Resident memory of the process and its descendants."""
    total = 0
    for process in tree(pid):
        try:
            with open(f"/proc/{process}/statm") as statm:
                total += int(statm.read().split()[1])
        except OSError:
            pass
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6


def settle(*pids, quiet=0.5, limit=30):
    """Waits until the servers do next to nothing, all of them at the same time, and returns their CPU seconds."""
    end = time.monotonic() + limit
    last = sum(cpu_seconds(pid) for pid in pids)
    while time.monotonic() < end:
        time.sleep(quiet)
        now = sum(cpu_seconds(pid) for pid in pids)
        if now - last <= (0.03 * quiet + 1 / TICK) * len(pids):
            return now
        last = now
    return last


def greets(port, host="127.0.0.1"):
    try:
        with socket.create_connection((host, port), timeout=2) as client:
            client.settimeout(2)
            return client.recv(100).startswith(b"220")
    except OSError:
        return False


def await_greeting(port, process, log):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if greets(port):
            return
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"no greeting on port {port}; see {log}")


class Sink:
    """One smtp-sink, whose running counter is read from the end of its output."""

    def __init__(self, host, port):
        self.out = tempfile.NamedTemporaryFile(prefix="sink-", dir="/dev/shm")
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(["smtp-sink", "-c", "-m", "4000", *user, f"{host}:{port}", "1024"], stdout=self.out, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not greets(port, host):
            if time.monotonic() > end or self.process.poll() is not None:
                raise SystemExit(f"smtp-sink does not start on {host}:{port}")
            time.sleep(0.02)

    def messages(self):
        size = os.fstat(self.out.fileno()).st_size
        tail = os.pread(self.out.fileno(), 300, max(0, size - 300)).decode(errors="replace")
        counts = [part.split()[0] for part in tail.split("mesg=")[1:] if "\r" in part]
        return int(counts[-1]) if counts else 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
