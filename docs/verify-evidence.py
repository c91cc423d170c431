#!/usr/bin/env python3
"""Checks a file of evidence that regwatch wrote, sharing nothing with it: verify-evidence.py FILE.zip [--ca CA.pem]

Needs Python 3.9 and, for time stamps, `openssl`; with --ca they must be signed under that certificate. Exits with 0 if
the file is sound and with 6 if it is not. What follows from other members is made again and compared by
`regwatch evidence verify`; here pages, README.txt and silence.json are known by their hash in the manifest alone, and
of evidence.warc each body must be one of those in bodies/.
"""
import hashlib
import itertools
import json
import re
import subprocess
import sys
import tempfile
import zipfile

KNOWN = (r"README\.txt|package\.json|silence\.json|evidence\.warc|changes?(/\w+)?\.(json|html)|seals/\d+\.(json|tsr)|"
         r"bodies/\w+|headers/\w+\.txt|([a-z0-9-]+/)?((chain|later)\.jsonl|(proof|anchor)\.json)")

def require(truth, reason):
    if not truth:
        raise ValueError(reason)

def sha256(data):
    return hashlib.sha256(data).hexdigest()

def read_members(path):
    """Every member once, and none that the manifest does not list."""
    with zipfile.ZipFile(path) as package:
        infos = [info for info in package.infolist() if not (info.is_dir() and info.file_size == 0)]
        names = [info.filename for info in infos]
        require(len(set(names)) == len(names), "a name stands in it twice")
        members = {info.filename: package.read(info) for info in infos}
    manifest = members.pop("manifest.sha256", None)
    lines = [f"{sha256(members[name])}  {name}\n" for name in sorted(members, key=str.encode)]
    require(manifest == "".join(lines).encode(), "the manifest is not the list of the members")
    return members

def read_chain(members, prefix, source):
    """The lines that are shown and those up to the seal, with their hashes; each names the one before it."""
    shown, hashes, lines = None, [], []
    for name in (prefix + "chain.jsonl", prefix + "later.jsonl"):
        text = members[name] if name in members or name.endswith("chain.jsonl") else b""
        require(text == b"" or text.endswith(b"\n"), f"{name}: its last line has no end")
        for raw in text.split(b"\n")[:-1]:
            line = json.loads(raw)
            where = f"{name}: read {line['seq']} of {line['source']}"
            require(line["source"] == source, f"{where} is of another source")
            if lines:
                require(line["seq"] == lines[-1]["seq"] + 1, f"{where} does not follow read {lines[-1]['seq']}")
                require(line["previous"] == hashes[-1], f"{where} does not name the line before it")
            else:
                require((line["seq"] == 1) == (line["previous"] == "0" * 64), f"{where} is no beginning")
            lines.append(line)
            hashes.append(sha256(raw))
        if shown is None:
            shown = len(lines)
    return lines[:shown], lines, hashes

def root_of(leaf, index, size, path):
    """The root to which a leaf leads (RFC 9162, 2.1.3.2)."""
    last, at = size - 1, index
    require(0 <= at <= last, "a proof names a leaf that is not there")
    found = hashlib.sha256(b"\0" + leaf).digest()
    for other in map(bytes.fromhex, path):
        require(last > 0, "a proof is too long")
        if at % 2 == 1 or at == last:
            found = hashlib.sha256(b"\1" + other + found).digest()
            while at % 2 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + other).digest()
        at, last = at >> 1, last >> 1
    require(last == 0, "a proof is too short")
    return found.hex()

def check_proof(members, name, source, number, installation):
    """That a head is under a seal; gives the head."""
    proof, seal = json.loads(members[name]), json.loads(members[f"seals/{number}.json"])
    require(seal["seal"] == number and seal["installation"] == installation, f"seal {number} is another one")
    require(proof["source"] == source, f"{name} is of another source")
    head = {"source": proof["source"], "seq": proof["seq"], "hash": proof["hash"]}
    leaf = json.dumps(head, separators=(",", ":")).encode()
    root = root_of(leaf, proof["index"], seal["heads"], proof["path"])
    is_under = root == seal["root"] and proof["under"] == sha256(members[f"seals/{number}.json"])
    require(is_under, f"{name} does not lead to the root of seal {number}")
    return head

def moment(text):
    return (text.rstrip("Z") + ("" if "." in text else ".")).ljust(29, "0")

def is_of(line, evidence):
    read = (line.get("read_at", line["at"]), line["body"], line["status"], line["url"])
    return read == tuple(evidence[key] for key in ("read_at", "sha256", "status", "url"))

def check_source(members, package, source, prefix):
    shown, lines, hashes = read_chain(members, prefix, source["id"])
    if not lines:
        require(package["kind"] != "change" and source["seal"] is None, f"{source['id']}: no read is in it")
        return shown, []
    require(shown, f"{source['id']}: no read is shown")
    head = check_proof(members, prefix + "proof.json", source["id"], source["seal"], package["installation"])
    require((head["seq"], head["hash"]) == (lines[-1]["seq"], hashes[-1]), "the end of the chain is not sealed")
    first = shown[0]
    if source["anchor"] is not None:
        name = prefix + "anchor.json"
        head = check_proof(members, name, source["id"], source["anchor"], package["installation"])
        require((head["seq"] + 1, head["hash"]) == (first["seq"], first["previous"]), f"{name}: another beginning")
    elif first["seq"] > 1 and package["kind"] != "change":
        require(moment(first["at"]) <= moment(package["from"]), f"{source['id']}: its first reads are missing")
    changes = []
    for change_id in source["changes"]:
        name = "change.json" if package["kind"] == "change" else f"changes/{change_id}.json"
        change = json.loads(members[name])
        require((change["id"], change["source"]) == (change_id, source["id"]), f"{name} is another change")
        candidates = shown[-1:] if package["kind"] == "change" else shown
        digest = sha256(members[name])
        bound = any(digest in line.get("changes", []) and is_of(line, change["evidence"]) for line in candidates)
        require(bound, f"{name}: the line of the read that found it does not name it as it is here")
        if package["kind"] == "change" and source["anchor"] is None and first["seq"] > 1:
            require(is_of(first, change["previous"]), "the chain does not begin with the read before the change")
        changes.append(change)
    return shown, changes

def check_contents(members, package, lines, changes):
    """Bodies and headers are what their names say, and lines name them."""
    proving = {change[read]["sha256"] for change in changes for read in ("evidence", "previous")}
    bodies = {line["body"] for line in lines if line["body"]} | proving
    headers = {line["headers"] for line in lines if line["headers"]}
    for name, content in members.items():
        require(re.fullmatch(KNOWN, name), f"nothing names {name}")
        folder, _, rest = name.partition("/")
        if folder in ("bodies", "headers"):
            digest = rest[:-4] if folder == "headers" else rest
            require(sha256(content) == digest, f"{name} is not what its name says")
            require(digest in (bodies if folder == "bodies" else headers), f"nothing names {name}")
    absent = {digest for digest in bodies if f"bodies/{digest}" not in members}
    if package["kind"] != "change":
        told = {sha256(content) for name, content in members.items() if re.match("changes/.*[.]json$", name)}
        absent |= {digest for line in lines if moment(package["from"]) <= moment(line["at"]) <= moment(package["to"])
                   and line["verdict"] != "retracted" for digest in line.get("changes", []) if digest not in told}
    require(absent <= set(package["absent"]), "a body or a change is missing that is not said to be absent")
    require(package["kind"] != "change" or not absent & proving, "a body that proves the change is missing")
    present = bodies - set(package["absent"])
    parts = {sha256(part) for digest in present for part in parts_of(members[f"bodies/{digest}"])}
    for digest in re.findall(rb"WARC-Type: re[a-z]+\r\n(?:[^\r\n]+\r\n)*?WARC-Payload-Digest: sha256:(\w+)",
                             members["evidence.warc"]):
        require(digest.decode() in parts, "evidence.warc holds something else")

def parts_of(body):
    """A body, or the answers that it is made of."""
    if not body.startswith(b"regwatch bundle 1\n"):
        return [body]
    _, contents, rest = body.split(b"\n", 2)
    ends = list(itertools.accumulate(part["bytes"] for part in json.loads(contents)["parts"]))
    return [rest[begin:end] for begin, end in zip([0, *ends], ends)]

def check_stamp(seal, stamp, authority):
    """Has `openssl ts` look at a time stamp; gives what it says of the time."""
    with tempfile.NamedTemporaryFile() as data, tempfile.NamedTemporaryFile() as answer:
        data.write(seal), data.flush(), answer.write(stamp), answer.flush()
        if authority:
            done = subprocess.run(["openssl", "ts", "-verify", "-in", answer.name, "-data", data.name, "-CAfile",
                                   authority], capture_output=True, text=True)
            require(done.returncode == 0, f"a time stamp is not sound: {done.stderr.strip()}")
        said = subprocess.run(["openssl", "ts", "-reply", "-in", answer.name, "-text"], capture_output=True, text=True)
        require(said.returncode == 0, "a time stamp cannot be read")
        dump = said.stdout.partition("Message data:")[2].partition("Serial number")[0]
        found = "".join(re.findall(r"^\s+[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){1,16})", dump, re.M))
        require(re.sub("[ -]", "", found) == sha256(seal), "a time stamp is about something else")
        return re.search(r"Time stamp: (.*)", said.stdout).group(1)

def check(path, authority):
    members = read_members(path)
    package = json.loads(members["package.json"])
    require((package["format"], package["form"]) == ("regwatch-evidence", 1), "it is of another form")
    lines, changes = [], []
    for source in package["sources"]:
        shown, told = check_source(members, package, source, source["id"] + "/" if package["kind"] == "company" else "")
        lines, changes = lines + shown, changes + told
    check_contents(members, package, lines, changes)
    stamps = {name: members[name] for name in sorted(members) if name.endswith(".tsr")}
    named = {f"seals/{number}.tsr": digest for number, digest in package["stamps"].items()}
    require(named == {name: sha256(stamp) for name, stamp in stamps.items()}, "the time stamps are other ones")
    times = [check_stamp(members[name[:-3] + "json"], stamp, authority) for name, stamp in stamps.items()]
    return len(members) + 1, len(lines), times

def main():
    file = sys.argv[1]
    try:
        members, lines, times = check(file, sys.argv[3] if sys.argv[2:3] == ["--ca"] else None)
    except (LookupError, ValueError, TypeError, zipfile.BadZipFile) as reason:
        print(f"{file} is not sound: {reason}")
        return 6
    print(f"{file} is sound: {members} members, {lines} lines; {', '.join(times) or 'no time stamp, no time'}")
    return 0

if __name__ == "__main__":
    sys.exit(main())
