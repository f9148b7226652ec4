"""The servers that are compared: each is made for one mode, listens on one port and queues in one folder."""
import atexit
import os
import re
import shutil
import signal
import subprocess

from processes import await_greeting, greets

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class MailCluster:
    name = "mailcluster"

    def __init__(self, mode, port, sink_port, dns, folder, extra="", name=None, nodes=()):
        """nodes: the cluster addresses of all nodes, where there are several; then greeting_awaited() has to be called when all have been started."""
        self.name = name or self.name
        self.folder = os.path.join(folder, self.name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.log = os.path.join(self.folder, "log")
        self.port = port
        per_site = 20 * max(1, len(nodes))      # the limit is the cluster's; each node shall have as many connections to deliver over as it has sessions
        way = {
            "relay": f'routes = [ {{ domain = "*", to = "127.0.0.1:{sink_port}" }} ]\n delivery {{ connections-per-site = {per_site} }}',
            "mx": f'dns {{ servers = ["{dns}"] }}\n delivery {{ allow-loopback = on, connections-per-site = {per_site} }}',
            "hold": "delivery { enabled = off }",
        }[mode]
        self.configuration = os.path.join(self.folder, "cluster.hocon")
        with open(self.configuration, "w") as file:
            file.write(f'''mailcluster {{
  hostname = "bench.test"
  data-directory = "data"
  listeners = [ {{ name = bench, bind = "127.0.0.1:{port}" }} ]
  http {{ bind = "127.0.0.1:{port + 1000}" }}
  admin {{ bind = "127.0.0.1:{port + 1001}" }}
  cluster {{ bind = "127.0.0.1:{port + 1002}", handover = "127.0.0.1:{port + 1003}", nodes = [{", ".join(f'"{node}"' for node in nodes)}] }}
  shutdown {{ delay = 0s, deliveries = 5s }}
  {way}
  {extra}
}}
''')
        self.is_alone = not nodes
        self.start()

    def start(self):
        if greets(self.port):
            raise SystemExit(f"something already answers on port {self.port}")
        self.process = subprocess.Popen(["dotnet", os.path.join(ROOT, "src/Node/bin/Release/net10.0/mailcluster.dll"), "--config", self.configuration],
                                        stdout=open(self.log, "a"), stderr=subprocess.STDOUT, cwd=self.folder)
        self.pid = self.process.pid
        atexit.register(self.process.kill)      # whatever ends the run, the node does not outlive it
        if self.is_alone:
            self.greeting_awaited()

    def greeting_awaited(self):
        await_greeting(self.port, self.process, self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()


class Postfix:
    """A durable queue as by default; concurrency opened up so that its defaults do not hold it back (TUNING_README)."""
    name = "postfix"

    def __init__(self, mode, port, sink_port, dns, folder):
        self.folder = os.path.join(folder, self.name)
        self.stop_left_over()
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in ("etc", "queue", "lib"):
            os.makedirs(os.path.join(self.folder, part))
        os.chmod(self.folder, 0o755)
        shutil.chown(os.path.join(self.folder, "lib"), "postfix")
        self.log = os.path.join(self.folder, "mail.log")
        way = {
            "relay": f"relayhost = [127.0.0.1]:{sink_port}\nsmtp_connection_cache_destinations = [127.0.0.1]:{sink_port}",
            "mx": "",
            "hold": "smtpd_recipient_restrictions = static:HOLD",
        }[mode]
        with open(os.path.join(self.folder, "etc/main.cf"), "w") as file:
            file.write(f"""compatibility_level = 3.6
myhostname = bench.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
queue_directory = {self.folder}/queue
data_directory = {self.folder}/lib
maillog_file = {self.log}
maillog_file_prefixes = {os.path.dirname(self.folder)}
default_process_limit = 100
initial_destination_concurrency = 20
default_destination_concurrency_limit = 50
in_flow_delay = 0
smtp_connection_cache_on_demand = yes
{way}
""")
        with open("/usr/share/postfix/master.cf.dist") as file:
            lines = file.read().splitlines()
        with open(os.path.join(self.folder, "etc/master.cf"), "w") as file:
            for line in lines:
                if re.match(r"smtp\s+inet", line):
                    line = re.sub(r"^smtp(\s+inet)", rf"127.0.0.1:{port}\1", line)
                file.write(re.sub(r"^([^# ]\S*\s+(?:inet|unix|unix-dgram|fifo)\s+\S+\s+\S+\s+)y", r"\1n", line) + "\n")
        # Its resolver reads /etc/resolv.conf only: it gets one of its own in a mount namespace.
        command = ["postfix", "-c", os.path.join(self.folder, "etc"), "start-fg"]
        if mode == "mx":
            resolver = os.path.join(self.folder, "resolv.conf")
            with open(resolver, "w") as file:
                file.write(f"nameserver {dns.split(':')[0]}\n")
            command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", f'mount --bind {resolver} /etc/resolv.conf && exec "$@"', "postfix", *command]
        self.process = subprocess.Popen(command, stdout=open(os.path.join(self.folder, "out"), "a"), stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self.process.pid
        await_greeting(port, self.process, self.log)

    def stop_left_over(self):
        if os.path.exists(os.path.join(self.folder, "etc/main.cf")):
            subprocess.run(["postfix", "-c", os.path.join(self.folder, "etc"), "stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.stop_left_over()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
