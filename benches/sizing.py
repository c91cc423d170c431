#!/usr/bin/env python3
"""Measures what an installation needs, by the number of its sources: memory, processor time and room on the disk.

    cargo build --release
    python3 benches/sizing.py [--sources 100 1000] [--readers 50] [--program target/release/regwatch]

For each size a daemon is started over an empty store, and reads pages of 40 rows and some 30 KB, made up and served
from this machine, for the first time; then again unchanged, ten times, half of the servers answering 304 and half with
the page; then once with a row that is amended on every fiftieth page, of which readers are told, each of whom follows
every company. Memory is the daemon's peak (VmHWM), room is that of the store's folder, time is the processor time that
the daemon took. The figures end in docs/OPERATIONS.md. Nothing leaves this machine.
"""
import argparse
import functools
import hashlib
import http.server
import json
import os
import random
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

ROWS = 40
COMPANIES = 100
UNCHANGED = 10
EVERY = 50
WORDS = "notice order docket equipment authorisation licence filing petition waiver import export entity module network device penalty consent register compliance deadline motion provider firmware affiliate certificate review".split()


@functools.lru_cache(maxsize=None)
def page(source, version):
    """A page; in version 1 the first row of every fiftieth one names a company."""
    rng = random.Random(source)
    words = lambda count: " ".join(rng.choice(WORDS) for _ in range(count))
    rows = []
    for row in range(ROWS):
        text = words(60)
        if version and row == 0 and source % EVERY == 0:
            text = f"Harbourstone{source // EVERY % COMPANIES} Limited is named in this matter. {text}"
        rows.append(f"<tr><td>Matter {source}-{row}</td><td>{text}</td><td>2026-01-{row % 28 + 1:02}</td></tr>")
    rest = "".join(f"<p>{words(40)}</p>" for _ in range(30))
    return (f"<html><head><title>Register {source}</title></head><body><main><h1>Register {source}</h1><table class='register'>"
            f"<tr><th>Matter</th><th>Text</th><th>Date</th></tr>{''.join(rows)}</table></main><footer>{rest}</footer></body></html>").encode()


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    version = 0

    def log_message(self, *_):
        pass

    def do_GET(self):
        if not self.path.strip("/").isdigit():
            self.send_response(404)
            self.send_header("content-length", "0")
            self.end_headers()
            return
        source = int(self.path.strip("/"))
        body = page(source, Pages.version)
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"' if source % 2 else None
        is_known = tag and self.headers.get("if-none-match") == tag
        self.send_response(304 if is_known else 200)
        if tag:
            self.send_header("etag", tag)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", "0" if is_known else str(len(body)))
        self.end_headers()
        if not is_known:
            self.wfile.write(body)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256


def configured(home, port, sources):
    text = ('[store]\nurl = "sled:state/db"\n[mail]\nfrom = "a <a@desk.example>"\ntransport = "maildir:mail"\n'
            '[fetch]\ncontact = "ops@desk.example"\nallow_private = ["127.0.0.1"]\nhost_interval = "0s"\n')
    text += "".join(f'[[source]]\nid = "register-{k}"\nkind = "html-table"\ntitle = "Register {k}"\nurl = "http://127.0.0.1:{port}/{k}"\nselector = "table.register"\nschedule = "0 0 1 1 *"\ncolumns = {{ matter = "matter", text = "text", date = "date" }}\nkey = ["matter"]\n' for k in range(sources))
    text += "".join(f'[[company]]\nid = "harbourstone-{k}"\nname = "Harbourstone{k} Limited"\naliases = ["Harbourstone{k}"]\n' for k in range(COMPANIES))
    path = os.path.join(home, "regwatch.toml")
    with open(path, "w") as file:
        file.write(text)
    return path


def bytes_in(folder):
    return sum(os.path.getsize(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names)


class Measured:
    def __init__(self, program, home, sources, readers, port):
        self.home, self.base = home, [program, "--config", configured(home, port, sources)]
        for k in range(readers):
            self.run("sub", "add", f"reader{k}@desk.example", "--confirmed", "--company", *[f"harbourstone-{c}" for c in range(COMPANIES)])
        self.start(sources)

    def start(self, sources):
        """Starts the daemon, which reads at once what was never read, and waits until all is read."""
        self.daemon = subprocess.Popen([*self.base, "--log", "error", "daemon"], stdout=subprocess.DEVNULL)
        for _ in range(1200):
            time.sleep(0.5)
            done = subprocess.run([*self.base, "status", "--json"], capture_output=True)
            if done.returncode in (0, 5) and json.loads(done.stdout)["sources"]["in_time"] == sources:
                return
        sys.exit("not every page was read")

    def run(self, *arguments, codes=(0, 5)):
        done = subprocess.run([*self.base, *arguments], capture_output=True, text=True)
        if done.returncode not in codes:
            sys.exit(f"{' '.join(arguments[:3])}: ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def stand(self):
        with open(f"/proc/{self.daemon.pid}/status") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        with open(f"/proc/{self.daemon.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        ticks = os.sysconf("SC_CLK_TCK")
        return peak / 1024, (int(fields[11]) + int(fields[12])) / ticks, bytes_in(os.path.join(self.home, "state"))

    def check(self):
        return json.loads(self.run("check", "now", "--json"))

    def end(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(120)


def measure(program, sources, readers):
    Pages.version = 0
    server = Server(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as home:
        measured = Measured(program, home, sources, readers, server.server_address[1])
        try:
            first = measured.stand()
            for _ in range(UNCHANGED):
                measured.check()
            unchanged = measured.stand()
            Pages.version = 1
            changes = sum(len(source["changes"]) for source in measured.check()["sources"])
            expected = (sources + EVERY - 1) // EVERY
            if changes != expected:
                sys.exit(f"{changes} changes were found, expected {expected}")
            changed = measured.stand()
            mails = len(os.listdir(os.path.join(home, "mail", "new")))
            measured.end()
            measured.start(sources)
            idle = measured.stand()
        finally:
            measured.end()
            server.shutdown()
        reads = sources * UNCHANGED
        raw = sum(len(page(source, 0)) for source in range(0, sources, max(1, sources // 50))) / len(range(0, sources, max(1, sources // 50)))
        mb = 1 << 20
        print(f"| {sources:,} | {idle[0]:.0f} MB | {first[0]:.0f} MB | {changed[0]:.0f} MB | {first[1] * 1000 / sources:.1f} ms "
              f"| {(unchanged[1] - first[1]) * 1000 / reads:.1f} ms | {first[2] / mb:.1f} MB ({first[2] / (raw * sources):.2f} × raw) "
              f"| {(unchanged[2] - first[2]) / reads / 1024:.2f} KB | {(changed[2] - unchanged[2]) / max(1, mails) / 1024:.1f} KB, {mails} mails |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--program", default="target/release/regwatch")
    asked = parser.parse_args()
    print("| sources | memory after a start | peak of the first reads | peak of all | CPU a first read | CPU a read again | room after the first reads | room a read more | room a mail more |")
    print("|---|---|---|---|---|---|---|---|---|")
    for sources in asked.sources:
        measure(os.path.abspath(asked.program), sources, asked.readers)


if __name__ == "__main__":
    main()
