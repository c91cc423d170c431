#!/usr/bin/env python3
"""Measures what has a limit of its own: memory and time of single commands, and of a large list.

    cargo build --release
    python3 benches/limits.py [--sources 5000] [--readers 100000] [--list-mb 64] [--program target/release/regwatch]

Prints for each: processor time of the process, wall time and peak memory. The store is empty for the first; for the others it has
what the ones before left. The list is made up and served from this machine: comma-separated, of so many MB in 28,000 rows; it
is read, read again unchanged, and read with a row amended. What is wrong ends the run. Nothing leaves this machine.
"""
import argparse
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from measuring import measured

ROWS = 28_000
WORDS = "notice order docket equipment authorisation licence filing petition waiver import export entity module network device penalty consent register".split()


def require(holds, otherwise):
    if not holds:
        raise SystemExit(f"wrong: {otherwise}")


def row(number, length, version):
    rng = random.Random(number)
    text = f"amended in version {version} " if version and number == ROWS // 2 else ""
    while len(text) < length:
        text += rng.choice(WORDS) + " "
    return f'{number},"Specimen Holdings {number} Co., Ltd.","{text}",2026-01-{number % 28 + 1:02}\n'


def listing(megabytes, version):
    length = megabytes * 2 ** 20 // ROWS - 60
    return ("number,name,remarks,listed\n" + "".join(row(number, length, version) for number in range(ROWS))).encode()


class List(http.server.BaseHTTPRequestHandler):
    """The server of the list; `/-/VERSION` makes another version of it."""
    protocol_version = "HTTP/1.1"
    megabytes = 0
    body = b""

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path.startswith("/-/"):
            List.body = listing(List.megabytes, int(self.path[3:]))
        is_list = self.path == "/list.csv"
        self.send_response(200 if is_list else 404)
        self.send_header("content-type", "text/csv")
        self.send_header("content-length", str(len(List.body)) if is_list else "0")
        self.end_headers()
        if is_list:
            self.wfile.write(List.body)


def origin(megabytes):
    """A process of its own: what it holds in memory must not count as that of the programs that are started here."""
    List.megabytes = megabytes
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), List)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def configuration(folder, sources, companies, extra=""):
    path = f"{folder}/regwatch.toml"
    with open(path, "w") as file:
        file.write('[store]\nurl = "sled:db"\n[mail]\nfrom = "regwatch <alerts@tracker.example>"\ntransport = "maildir:mail"\n'
                   '[fetch]\ncontact = "ops@tracker.example"\nallow_private = ["127.0.0.1"]\nhost_interval = "0s"\n[daemon]\nsocket = "socket"\n')
        for number in range(sources):
            file.write(f'[[source]]\nid = "list-{number}"\ntitle = "List {number}"\nurl = "http://127.0.0.1:9/{number}"\nschedule = "@yearly"\nkind = "html-table"\nselector = "main table"\n'
                       'key = ["id"]\nrow_title = "entity"\ncolumns = { Id = "id", Entity = "entity" }\n')
        for number in range(companies):
            file.write(f'[[company]]\nid = "c{number}"\nname = "Harbourstone{number} Limited"\n')
        file.write(extra)
    return path


def run(what, command, codes=(0,)):
    """Runs a command and prints what it cost; gives what it printed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        cost = measured(command, out, errors)
        out.seek(0), errors.seek(0)
        require(cost["code"] in codes, f"{what}: ended with {cost['code']}: {errors.read()[-500:]}")
        print(f"| {what} | {cost['cpu']:.2f} | {cost['wall']:.2f} | {cost['mb']:.0f} |", flush=True)
        return out.read()


def measure_sources(program, sources):
    with tempfile.TemporaryDirectory(prefix="limits-") as folder:
        few = [program, "--config", configuration(folder, 10, 1)]
        subprocess.run([*few, "status"], capture_output=True)
        run("`source list`, 10 sources, an empty store", [*few, "source", "list", "--json"])
    with tempfile.TemporaryDirectory(prefix="limits-") as folder:
        many = [program, "--config", configuration(folder, sources, 100)]
        subprocess.run([*many, "status"], capture_output=True)
        listed = json.loads(run(f"`source list`, {sources:,} sources", [*many, "source", "list", "--json"]))
        require(len(listed["sources"]) == sources, f"{len(listed['sources'])} sources are listed")
        began = time.monotonic()
        daemon = subprocess.Popen([*many, "--log", "error", "daemon"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(f"{folder}/socket"):
            require(daemon.poll() is None and time.monotonic() < began + 60, "the daemon does not start")
            time.sleep(0.01)
        started, threads = time.monotonic() - began, 0
        for _ in range(20):
            threads = max(threads, len(os.listdir(f"/proc/{daemon.pid}/task")))
            time.sleep(0.1)
        peak = int(next(line for line in open(f"/proc/{daemon.pid}/status") if line.startswith("VmHWM")).split()[1]) / 1e3
        print(f"| the daemon's start with {sources:,} sources, {threads} threads | | {started:.2f} | {peak:.0f} |", flush=True)
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(120)


def measure_import(program, readers):
    with tempfile.TemporaryDirectory(prefix="limits-") as folder:
        base = [program, "--config", configuration(folder, 1, 10)]
        with open(f"{folder}/readers.csv", "w") as file:
            file.write("address,company,state,confirmed\n")
            for number in range(readers):
                file.write(f"reader{number}@desk{number % 97}.example,c{number % 10},active,2026-01-01T00:00:00Z\n")
        run(f"`sub import`, {readers:,} subscribers", [*base, "sub", "import", f"{folder}/readers.csv"])
        listed = json.loads(subprocess.run([*base, "sub", "list", "--json"], capture_output=True, check=True).stdout)
        require(len(listed["subscribers"]) == readers, f"{len(listed['subscribers'])} subscribers are listed")


def measure_list(program, megabytes):
    serving = subprocess.Popen([sys.executable, __file__, "--origin", "--list-mb", str(megabytes)], stdout=subprocess.PIPE, text=True)
    place = f"http://127.0.0.1:{int(serving.stdout.readline())}"
    source = (f'[[source]]\nid = "large"\ntitle = "Large"\nurl = "{place}/list.csv"\nschedule = "@yearly"\nkind = "csv"\n'
              'max_body = "128 MiB"\ntotal_timeout = "10m"\nkey = ["number"]\nrow_title = "name"\ncolumns = { number = "number", name = "name", remarks = "remarks", listed = "listed" }\n')
    with tempfile.TemporaryDirectory(prefix="limits-") as folder:
        base = [program, "--config", configuration(folder, 0, 100, source), "check", "now", "--json"]
        for what, version, changes in [("first", 0, 0), ("unchanged", 0, 0), ("a row amended", 1, 1)]:
            try:
                urllib.request.urlopen(f"{place}/-/{version}")
            except urllib.error.HTTPError:
                pass
            found = json.loads(run(f"a list of {megabytes} MiB, {what}", base))["sources"][0]
            require(found["verdict"] == "good" and len(found["changes"]) == changes and found["entries"] == ROWS, f"{what}: {found['verdict']}, {found['reason']}, {found['entries']} entries, {len(found['changes'])} changes")
    serving.kill()
    serving.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=5000)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--list-mb", type=int, default=64)
    parser.add_argument("--program", default="target/release/regwatch")
    parser.add_argument("--origin", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.origin:
        return origin(asked.list_mb)
    program = os.path.abspath(asked.program)
    print("| what | CPU s | wall s | peak MB |\n|---|---|---|---|", flush=True)
    measure_sources(program, asked.sources)
    measure_import(program, asked.readers)
    measure_list(program, asked.list_mb)


if __name__ == "__main__":
    sys.exit(main())
