"""Prometheus and node_exporter on free loopback ports: started by `with`, stopped with it."""
import json
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

# Loopback traffic goes to no proxy.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def available():
    return all(shutil.which(program) for program in ("prometheus", "prometheus-node-exporter", "promtool"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    with OPENER.open(url, timeout=10) as response:
        return response.read().decode()


def wait_until(what, condition, seconds=60):
    """Polls; what never becomes true is an error. A server that does not answer yet is no error."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
            if value:
                return value
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            value = None
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; last seen: {value!r}")
        time.sleep(0.2)


class Server:
    """A process that is ended with the `with`, whatever happens."""

    def __init__(self, port, command, log):
        self.port, self.command, self.log = port, command, log
        self.base = f"http://127.0.0.1:{port}"

    def __enter__(self):
        self.output = self.log.open("wb")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()


class NodeExporter(Server):
    """One simulated host: only the textfile collector, on a folder of its own."""

    def __init__(self, scratch, name):
        self.folder = pathlib.Path(scratch, name)
        self.folder.mkdir()
        port = free_port()
        super().__init__(port, ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}",
                                "--collector.disable-defaults", "--collector.textfile",
                                f"--collector.textfile.directory={self.folder}"],
                         pathlib.Path(scratch, name + ".log"))


class Prometheus(Server):
    """Scrapes `targets` {host name: address} every second as job "xen-hosts" and evaluates the shipped rules."""

    def __init__(self, scratch, targets, rules):
        folder = pathlib.Path(scratch, "prometheus")
        folder.mkdir()
        config = folder / "prometheus.yml"
        # JSON is YAML.
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "xen-hosts", "static_configs": [
                {"targets": [address], "labels": {"instance": name}} for name, address in targets.items()]}],
        }))
        port = free_port()
        super().__init__(port, ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
                                f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
                         pathlib.Path(scratch, "prometheus.log"))

    def query(self, expression):
        answer = json.loads(get(f"{self.base}/api/v1/query?query={urllib.parse.quote(expression)}"))
        assert answer["status"] == "success", answer
        return answer["data"]["result"]

    def alerts(self):
        """{(alert, host): state}"""
        answer = json.loads(get(self.base + "/api/v1/alerts"))
        return {(alert["labels"]["alertname"], alert["labels"].get("instance")): alert["state"]
                for alert in answer["data"]["alerts"]}
