#!/usr/bin/env python3
"""Measures regwatch beside curl, a bare loop and urlwatch in one run, and checks that what it found is right.

    cargo build --release --bench bare && cargo build --release
    python3 benches/peers.py [--pages 1000] [--companies 100] [--repeat 3] [--program target/release/regwatch]

Pages are made from a seed, served from 127.0.1.1 to 127.0.1.20 by a process of its own, and read by each program in
turn: a first pass, a pass in which the server answers 304, one in which it sends every body again, and one in which
2 pages of a hundred have changed and 3 differ in noise only. Take the ratios to curl of the same run, not the
seconds. Needs Python 3 and curl; the bare loop and urlwatch are left out where they are not there. What is wrong
ends the run. Nothing leaves this machine.
"""
import argparse
import asyncio
import glob
import hashlib
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from measuring import measured

HOSTS = [f"127.0.1.{k}" for k in range(1, 21)]
FIRST = "Amber Basalt Cobalt Dolerite Ember Flint Garnet Hazel Indigo Juniper Kestrel Larch Mistral Nimbus Onyx Pelican Quartz Rowan Sable Thistle Umber Vesper Willow Yarrow Zephyr".split()
SECOND = "Avionics Biotech Cables Dynamics Electric Fibre Guidance Holdings Imaging Logic Marine Networks Optics Photonics Radio Sensors Telecom Ventures Wireless Works".split()
FORMS = ["Inc.", "Ltd.", "Co., Ltd.", "GmbH", "LLC", "S.A."]
WORDS = "equipment services produced provided by the named entity including its subsidiaries and affiliates to the extent used for public safety security of government facilities physical surveillance critical infrastructure and other national purposes".split()


def name(number):
    coined = "".join("bdfgklmnprstvz"[number // 14 ** k % 14] + "aeiou"[(number + k) % 5] for k in range(3)).capitalize()
    return f"{FIRST[number % len(FIRST)]} {coined} {SECOND[number // 25 % len(SECOND)]} {FORMS[number % len(FORMS)]}"


def row(rng):
    text = " ".join(rng.choice(WORDS) for _ in range(rng.randint(12, 40)))
    return [name(rng.randrange(3000)), text, f"20{rng.randint(10, 26)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}", rng.choice(["Active", "Revoked", "Pending"])]


def page(number, change, nonce):
    """(bytes, what a change planted)"""
    rng = random.Random(number)
    rows = [[f"{number}-{k}"] + row(rng) for k in range(rng.randint(60, 400))]
    planted = None
    if change:
        planted = f"Planted notice {number} of the second round"
        rows[len(rows) // 2][2] = planted
    nav = "".join(f'<li><a href="/topic/{k}">{rng.choice(WORDS)} {rng.choice(WORDS)}</a></li>' for k in range(40))
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n" for cells in rows)
    return (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>List {number}</title>'
            f'<script nonce="{nonce}">window.session = "{nonce}";</script></head><body><nav><ul>{nav}</ul></nav><main><h1>List {number}</h1>'
            f'<table><tr><th>Id</th><th>Entity</th><th>Description</th><th>Date</th><th>Status</th></tr>\n{body}</table></main></body></html>').encode(), planted


def kind_of(number):
    """What becomes of a page in the second round."""
    return "change" if number % 50 == 7 else "noise" if number % 100 in (1, 34, 67) else "same"


# ------------------------------------------------------------------ the origin, a process of its own
def origin(port, pages):
    bodies = {}
    for number in range(pages):
        first = page(number, False, "a0")[0]
        bodies[0, number] = first
        bodies[1, number] = first if kind_of(number) == "same" else page(number, kind_of(number) == "change", "b1")[0]
    tags = {key: hashlib.sha256(body).hexdigest()[:16] for key, body in bodies.items()}
    state = {"round": 0, "validators": True}

    async def serve(reader, writer):
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = request.split(" ", 2)[1]
                tag = re.search(r"(?im)^if-none-match: \"?([0-9a-f]+)", request)
                if path.startswith("/-/"):
                    state.update(json.loads(urllib.request.unquote(path[3:])))
                    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                elif not (found := re.fullmatch(r"/list/(\d+)", path)):
                    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                else:
                    key = state["round"], int(found[1])
                    head = "Content-Type: text/html; charset=utf-8\r\n"
                    if state["validators"]:
                        head += f'ETag: "{tags[key]}"\r\n'
                    if state["validators"] and tag and tag[1] == tags[key]:
                        writer.write(f"HTTP/1.1 304 Not Modified\r\n{head}\r\n".encode())
                    else:
                        writer.write(f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(bodies[key])}\r\n\r\n".encode() + bodies[key])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run():
        servers = [await asyncio.start_server(serve, host, port, backlog=1024) for host in HOSTS]
        print("ready", flush=True)
        await asyncio.gather(*(server.serve_forever() for server in servers))

    asyncio.run(run())


# ------------------------------------------------------------------ measuring
def cost_of(command, out):
    """Runs a command; what its whole tree cost. What it prints goes to memory, and is none of what it writes."""
    with os.fdopen(os.memfd_create("printed"), "w+b") as printed, open(out + ".err", "wb") as errors:
        cost = measured(command, printed, errors)
        printed.seek(0)
        with open(out, "wb") as file:
            shutil.copyfileobj(printed, file)
    return cost


def size(folder):
    return sum(os.path.getsize(os.path.join(where, file)) for where, _, files in os.walk(folder) for file in files)


class Curl:
    title = "curl -Z and sha256sum"

    def __init__(self, folder, urls, options):
        os.makedirs(f"{folder}/body")
        with open(f"{folder}/curl.cfg", "w") as file:
            file.writelines(f'url = "{url}"\noutput = "{folder}/body/{number}"\n' for number, url in enumerate(urls))
        self.out = f"{folder}/sums"
        self.command = ["sh", "-c", f"curl -s -f -Z --parallel-max 20 -K {folder}/curl.cfg && cd {folder}/body && find . -type f -print0 | sort -z | xargs -0 sha256sum"]
        self.known = None

    def read(self, what):
        cost = cost_of(self.command, self.out)
        sums = open(self.out).read().splitlines()
        changed = set(sums) - set(self.known or sums)
        self.known = sums
        return cost, {int(line.rsplit("/", 1)[1]) for line in changed}


class Bare:
    title = "a bare loop: fetch and hash"

    def __init__(self, folder, urls, options):
        os.makedirs(folder)
        open(f"{folder}/urls", "w").writelines(url + "\n" for url in urls)
        self.out = f"{folder}/out"
        self.command = [options.bare, f"{folder}/urls", f"{folder}/state"]

    def read(self, what):
        cost = cost_of(self.command, self.out)
        return cost, {int(line.rsplit("/", 1)[1]) for line in open(self.out)}


class Urlwatch:
    title = "urlwatch"

    def __init__(self, folder, urls, options):
        os.makedirs(folder)
        open(f"{folder}/urls.yaml", "w").write("---\n".join(f'url: "{url}"\n' for url in urls))
        self.out = f"{folder}/out"
        self.command = ["env", f"HOME={folder}", options.urlwatch, "--urls", f"{folder}/urls.yaml", "--config", f"{folder}/config.yaml",
                        "--hooks", f"{folder}/hooks.py", "--cache", f"{folder}/cache.db"]
        subprocess.run(self.command + ["--features"], capture_output=True, check=True)

    def read(self, what):
        cost = cost_of(self.command, self.out)
        return cost, {int(found) for found in re.findall(r"(?m)^CHANGED: .*/list/(\d+)", open(self.out, errors="replace").read())}


class Regwatch:
    title = "regwatch check now"

    def __init__(self, folder, urls, options):
        os.makedirs(folder)
        with open(f"{folder}/regwatch.toml", "w") as file:
            file.write('[store]\nurl = "sled:db"\n[mail]\nfrom = "regwatch <alerts@tracker.example>"\ntransport = "maildir:mail"\n'
                       f'[fetch]\ncontact = "ops@tracker.example"\nallow_private = {json.dumps(HOSTS)}\nhost_interval = "0s"\nhost_burst = 100\nconcurrency = 20\n'
                       '[daemon]\nsocket = "socket"\njitter = "1h"\n')
            for number, url in enumerate(urls):
                file.write(f'[[source]]\nid = "list-{number}"\ntitle = "List {number}"\nurl = "{url}"\nschedule = "@yearly"\nkind = "html-table"\nselector = "main table"\n'
                           'key = ["id"]\nrow_title = "entity"\ncolumns = { Id = "id", Entity = "entity", Description = "description", Date = "date", Status = "status" }\n')
            for number in range(options.companies):
                file.write(f'[[company]]\nid = "c{number}"\nname = {json.dumps(name(number))}\n')
        self.folder, self.out, self.urls = folder, f"{folder}/out", urls
        self.program = [options.program, "--config", f"{folder}/regwatch.toml"]
        reader = ["sub", "add", "reader@example.org", "--confirmed", "--company", *[f"c{number}" for number in range(options.companies)]]
        subprocess.run(self.program + reader, check=True, capture_output=True)
        self.command = self.program + ["check", "now", "--json"]

    def read(self, what):
        cost = cost_of(self.command, self.out)
        sources = json.load(open(self.out))["sources"]
        number = {source["id"]: int(source["id"].split("-")[1]) for source in sources}
        # What the daemon read by itself a moment before is no first sight any more.
        expected = {"not-modified"} if what == "304" else {"good", "not-modified"} if what == "first" else {"good"}
        wrong = [f'{source["id"]}: {source["verdict"]}, {source["reason"]}' for source in sources
                 if source["verdict"] not in ({"good" if kind_of(number[source["id"]]) != "same" else "not-modified"} if what == "changed" else expected)]
        require(len(sources) == len(self.urls) and not wrong, f"{what}: {len(sources)} sources, wrong: {wrong[:5]}")
        changed = {number[source["id"]] for source in sources if source["changes"]}
        for source in sources:
            planted = page(number[source["id"]], True, "")[1]
            require(not source["changes"] or planted in json.dumps(source["changes"]), f'{source["id"]}: the change does not show {planted!r}')
        return cost, changed

    def store_bytes(self):
        return size(f"{self.folder}/db")


class Daemon(Regwatch):
    title = "regwatch, through its daemon"

    def __init__(self, folder, urls, options):
        super().__init__(folder, urls, options)
        began = time.monotonic()
        self.daemon = subprocess.Popen(self.program + ["daemon"], stdout=subprocess.DEVNULL, stderr=open(f"{folder}/log", "wb"))
        while not os.path.exists(f"{folder}/socket"):
            require(self.daemon.poll() is None and time.monotonic() < began + 60, "the daemon does not start: " + open(f"{folder}/log").read()[-500:])
            time.sleep(0.02)
        self.started = time.monotonic() - began
        self.threads = len(os.listdir(f"/proc/{self.daemon.pid}/task"))

    def now(self):
        ticks = open(f"/proc/{self.daemon.pid}/stat").read().rsplit(")", 1)[1].split()
        written = re.search(r"(?m)^write_bytes: (\d+)", open(f"/proc/{self.daemon.pid}/io").read())
        return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"), int(written[1])

    def read(self, what):
        cpu, written = self.now()
        cost, changed = super().read(what)
        after = self.now()
        peak = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{self.daemon.pid}/status").read())[1]) / 1e3
        self.threads = max(self.threads, len(os.listdir(f"/proc/{self.daemon.pid}/task")))
        return cost | dict(cpu=cost["cpu"] + after[0] - cpu, written=cost["written"] + after[1] - written, mb=peak), changed

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(60)


def require(holds, otherwise):
    if not holds:
        raise SystemExit(f"wrong: {otherwise}")


def bare_loop():
    """The newest build of benches/bare.rs."""
    built = [path for path in glob.glob("target/release/deps/bare-*") if os.access(path, os.X_OK) and "." not in os.path.basename(path)]
    return max(built, key=os.path.getmtime, default=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--companies", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--port", type=int, default=18095)
    parser.add_argument("--program", default="target/release/regwatch")
    parser.add_argument("--bare", default=bare_loop())
    parser.add_argument("--urlwatch", default=shutil.which("urlwatch"))
    parser.add_argument("--origin", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.origin:
        return origin(options.port, options.pages)
    options.program = os.path.abspath(options.program)
    programs = [Curl, *([Bare] if options.bare else []), *([Urlwatch] if options.urlwatch else []), Regwatch, Daemon]
    serving = subprocess.Popen([sys.executable, __file__, "--origin", "--port", str(options.port), "--pages", str(options.pages)], stdout=subprocess.PIPE, text=True)
    require(serving.stdout.readline() == "ready\n", "the origin does not start")
    urls = [f"http://{HOSTS[number % len(HOSTS)]}:{options.port}/list/{number}" for number in range(options.pages)]
    raw = sum(len(page(number, False, "a0")[0]) for number in range(options.pages))
    changed_pages = {number for number in range(options.pages) if kind_of(number) == "change"}
    other_pages = {number for number in range(options.pages) if kind_of(number) != "same"}

    def tell(**state):
        urllib.request.urlopen(f"http://{HOSTS[0]}:{options.port}/-/{urllib.request.quote(json.dumps(state))}").read()

    costs, notes = {}, {}
    try:
        for number in range(options.repeat):
            for program in programs:
                with tempfile.TemporaryDirectory(prefix="peers-") as folder:
                    peer = program(f"{folder}/state", urls, options)
                    # What a pass is called, and what the server does.
                    for what, state in [("first", dict(round=0, validators=True)), ("304", {}), ("bodies", dict(validators=False)), ("304 again", dict(validators=True)), ("changed", dict(round=1))]:
                        if state:
                            tell(**state)
                        if what == "304 again":                 # so that the last pass begins with validators
                            peer.read("bodies" if isinstance(peer, Regwatch) else what)
                            continue
                        cost, changed = peer.read(what)
                        expected = set() if what != "changed" else changed_pages if isinstance(peer, Regwatch) else other_pages
                        require(cost["code"] in (0, 1, 2) and changed == expected, f"{peer.title}, {what}: exit {cost['code']}, {len(changed)} pages changed, expected {len(expected)}: {sorted(changed ^ expected)[:9]}")
                        costs.setdefault((what, peer.title), []).append(cost)
                        if what == "first" and isinstance(peer, Regwatch):
                            notes[peer.title] = f"{peer.title}: store {peer.store_bytes() / raw:.2f} × raw after the first pass"
                    if isinstance(peer, Daemon):
                        notes[peer.title] += f"; started in {peer.started:.2f} s, {peer.threads} threads"
                        peer.stop()
                tell(round=0, validators=True)
    finally:
        serving.kill()
        serving.wait()
    middle = lambda rows, key: statistics.median(row[key] for row in rows)
    print(f"{options.pages} pages, {raw / 1e6:.0f} MB, {options.companies} companies, {os.cpu_count()} cores, medians of {options.repeat}; all that was found is right\n")
    print("| pass | program | CPU s | × curl | peak MB | KB written a page | wall s |\n|---|---|---|---|---|---|---|")
    for (what, title), rows in sorted(costs.items(), key=lambda item: ["first", "304", "bodies", "changed"].index(item[0][0])):
        ratio = statistics.median(row["cpu"] / base["cpu"] for row, base in zip(rows, costs[what, Curl.title]))
        print(f'| {what} | {title} | {middle(rows, "cpu"):.2f} | {ratio:.2f} | {middle(rows, "mb"):.0f} | {middle(rows, "written") / options.pages / 1e3:.2f} | {middle(rows, "wall"):.2f} |')
    print("\n" + "\n".join(notes.values()))


if __name__ == "__main__":
    main()
