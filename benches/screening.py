#!/usr/bin/env python3
"""Measures `regwatch screen` on labelled suppliers: how right it is beside nomenklatura's logic-v2, how fast, how large.

    cargo build --release
    python3 benches/screening.py [--entries 60000] [--suppliers 10000] [--program target/release/regwatch] [--no-peer]
                                 [--pairs FILE]

Lists of made-up names and aliases are served from this machine and read once; then suppliers are screened against them.
A tenth of the suppliers stand on the lists, written in another way (capitals, another spelling of the legal form or none,
punctuation, accents, the words of a form written out); as many are traps that must not be listed (the same word in
another trade, another number, a letter more that makes another word); the rest are nobody's. A name counts as found
where the answer is "listed". The peer compares each supplier with the entries that share a word with it, the rarest
first, and takes a name for found from 0.70 on, its own threshold; for want of time on the labelled names alone. With
--pairs (columns name1, name2, is_match) both are also held against pairs that others labelled: the second names are put
on a list, the first ones are screened, and of each pair it counts whether the first was found by the second. "listed" is
what an answer claims, "listed or possible" what a person gets to see; each is given with its precision and its recall.
Needs Python 3 and, for the peer, pip (a virtual environment is made in a temporary folder). Nothing leaves this machine
but what pip asks for.
"""
import argparse
import csv
import functools
import http.server
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import venv

from measuring import measured

PEER = "nomenklatura==4.17.4"
LISTS = 6
ONSETS = "b br c cl cr d dr f fl g gl gr h j k kl kr l m n p pl pr q r s sk sl st t tr v w z zh".split()
VOWELS = ["a", "e", "i", "o", "u", "ai", "ei", "ou", "é", "ö"]
CODAS = ["n", "r", "l", "s", "m", "k", "x", "nd", "rt", ""]
TRADES = "Shipping;Petroleum Trading;Electronics;Digital Technology;Marine Services;Aviation Parts;Semiconductor;Optics;Chemical Industries;Logistics;Machine Tools;Telecommunications;Steel;Research Institute".split(";")
FORMS = {"Co., Ltd.": ["Company Limited", "Co Ltd", "CO., LTD"], "LLC": ["L.L.C.", "Limited Liability Company"], "GmbH": ["G.m.b.H.", "GMBH"], "Inc.": ["Incorporated", "Inc"], "S.A.": ["SA", "Sociedad Anonima"], "JSC": ["Joint Stock Company", "J.S.C."]}


def coined(rng):
    return "".join(rng.choice(ONSETS) + rng.choice(VOWELS) + (rng.choice(CODAS) if k else "") for k in range(rng.choice([2, 3, 3]))).capitalize()


def company(rng, taken):
    while True:
        word = coined(rng)
        if len(word) > 5 and plain(word) not in taken:
            taken.add(plain(word))
            return word, rng.choice(TRADES), rng.choice(list(FORMS))


def plain(text):
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def variant(rng, word, trade, form):
    name = f"{word} {trade} {form}"
    return rng.choice([
        name, name.upper(), name.lower(), f"{word} {trade}", f"{word} {trade}, {rng.choice(FORMS[form])}",
        f"{word} {trade} {rng.choice(FORMS[form])}", plain(word).capitalize() + f" {trade} {form}",
        name.replace(",", "").replace(".", ""), f"{word}  {trade}   {form}", unicodedata.normalize("NFD", name),
    ])


def trap(rng, word, trade, form):
    other = rng.choice([t for t in TRADES if not set(t.split()) & set(trade.split())])
    return rng.choice([f"{word} {other} {form}", f"{word}ovatra {trade} {form}", f"{word} {other}"])


def world(entries, suppliers, seed=7):
    rng = random.Random(seed)
    taken, listed, lists = set(), [], [[] for _ in range(LISTS)]
    for number in range(entries):
        word, trade, form = company(rng, taken)
        aliases = [f"{company(rng, taken)[0]} {rng.choice(TRADES)}" for _ in range(rng.choice([0, 1, 1, 2]))]
        lists[number % LISTS].append((f"{word} {trade} {form}", aliases))
        listed.append((word, trade, form, aliases))
    labelled = []
    for _ in range(suppliers // 10):
        word, trade, form, aliases = rng.choice(listed)
        labelled.append((rng.choice(aliases).upper() if aliases and rng.random() < .3 else variant(rng, word, trade, form), True))
        word, trade, form, _ = rng.choice(listed)
        labelled.append((trap(rng, word, trade, form), False))
    rest = [(f"{w} {t} {f}", False) for w, t, f in (company(rng, taken) for _ in range(suppliers - len(labelled)))]
    return lists, labelled, rest


def serve(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def configured(home, port, lists=LISTS):
    sources = "".join(f'[[source]]\nid = "list-{k}"\nkind = "csv"\ntitle = "List {k}"\nurl = "http://127.0.0.1:{port}/{k}.csv"\nschedule = "@daily"\ncolumns = {{ name = "name", aliases = "aliases" }}\nkey = ["name"]\nsplit = {{ aliases = ";" }}\n' for k in range(lists))
    path = os.path.join(home, "regwatch.toml")
    with open(path, "w") as file:
        file.write(f'[store]\nurl = "sled:state"\n[mail]\nfrom = "a <a@desk.example>"\ntransport = "maildir:mail"\n[fetch]\ncontact = "ops@desk.example"\nallow_private = ["127.0.0.1"]\nhost_interval = "0s"\n{sources}')
    return path


def screened(program, config, names, folder):
    path = os.path.join(folder, "suppliers.csv")
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([["name"], *[[name] for name in names]])
    out = os.path.join(folder, "answers.json")
    with open(out, "w") as file:
        cost = measured([program, "--config", config, "screen", path, "--json"], file, None)
    if cost["code"] not in (0, 3):
        sys.exit(f"regwatch ended with {cost['code']}")
    with open(out) as file:
        return json.load(file)["names"], cost


def listed_pairs(program, pairs, folder):
    """Of each pair, what is said of the first name by the entry with the second: listed, possible or clear."""
    home = os.path.join(folder, "labelled")
    os.mkdir(home)
    with open(os.path.join(home, "0.csv"), "w", newline="") as file:
        csv.writer(file).writerows([["name", "aliases"], *sorted({(b, "") for _, b, _ in pairs})])
    server = serve(home)
    config = configured(home, server.server_address[1], 1)
    subprocess.run([program, "--config", config, "check", "now"], check=True, stdout=subprocess.DEVNULL)
    answers, _ = screened(program, config, [a for a, _, _ in pairs], home)
    server.shutdown()
    def said(answer, name):
        near = [word for word in ("listed", "possible") if any(found["entry"] == name for found in answer[word])]
        return near[0] if near else "clear"
    return [said(answer, " ".join(b.split())) for answer, (_, b, _) in zip(answers, pairs)]


def figures(found):
    right = sum(f and e for f, e in found)
    wrong, missing = sum(f and not e for f, e in found), sum(e and not f for f, e in found)
    return f"precision {right / max(1, right + wrong):.4f}  recall {right / max(1, right + missing):.4f}  ({right} right, {wrong} wrong, {missing} missing)"


PEER_CODE = """
import json, sys, time, collections
from followthemoney import model
from nomenklatura.matching import LogicV2
task = json.load(open(sys.argv[1]))
config = LogicV2.default_config()
schema = model.get("Company")
def entity(number, names):
    proxy = model.make_entity(schema)
    proxy.id = str(number)
    for name in names:
        proxy.add("name", name, cleaned=True)
    return proxy
words = lambda name: set(name.casefold().replace(".", "").replace(",", "").split())
listed = [entity(k, names) for k, names in enumerate(task["listed"])]
index = collections.defaultdict(list)
for k, names in enumerate(task["listed"]):
    for word in set().union(*map(words, names)):
        index[word].append(k)
began, found = time.monotonic(), []
for number, name in enumerate(task["names"]):
    query = entity("q%d" % number, [name])
    near = sorted((w for w in words(name) if w in index), key=lambda w: len(index[w]))
    places = [k for w in near if len(index[w]) <= 200 for k in index[w]][:200]
    found.append(max((LogicV2.compare(query, listed[k], config).score for k in places), default=0.0))
pairs = [LogicV2.compare(entity("a", [a]), entity("b", [b]), config).score for a, b in task["pairs"]]
json.dump({"found": found, "pairs": pairs, "seconds": time.monotonic() - began}, sys.stdout)
"""


def peer(lists, names, pairs, folder):
    place = os.path.join(folder, "peer")
    venv.create(place, with_pip=True)
    python = os.path.join(place, "bin", "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True)
    task = os.path.join(folder, "task.json")
    with open(task, "w") as file:
        json.dump({"listed": [[name, *aliases] for entries in lists for name, aliases in entries], "names": names, "pairs": pairs}, file)
    done = subprocess.run([python, "-c", PEER_CODE, task], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=60000)
    parser.add_argument("--suppliers", type=int, default=10000)
    parser.add_argument("--program", default="target/release/regwatch")
    parser.add_argument("--pairs")
    parser.add_argument("--no-peer", action="store_true")
    asked = parser.parse_args()
    program = os.path.abspath(asked.program)
    lists, labelled, rest = world(asked.entries, asked.suppliers)
    pairs = []
    if asked.pairs:
        with open(asked.pairs, newline="") as file:
            pairs = [(row["name1"], row["name2"], row["is_match"].lower() == "true") for row in csv.DictReader(file)]
    with tempfile.TemporaryDirectory() as folder:
        for number, entries in enumerate(lists):
            with open(os.path.join(folder, f"{number}.csv"), "w", newline="") as file:
                csv.writer(file).writerows([["name", "aliases"], *[[name, "; ".join(aliases)] for name, aliases in entries]])
        server = serve(folder)
        config = configured(folder, server.server_address[1])
        subprocess.run([program, "--config", config, "check", "now"], check=True, stdout=subprocess.DEVNULL)
        answers, cost = screened(program, config, [name for name, _ in labelled + rest], folder)
        expected = [is_listed for _, is_listed in labelled + rest]
        print(f"{asked.suppliers} suppliers, {asked.entries} entries on {LISTS} lists: {cost['wall']:.1f} s, {cost['cpu']:.1f} s of processor time, {cost['mb']:.0f} MB")
        print(f"regwatch, all names:      {figures([(a['answer'] == 'listed', e) for a, e in zip(answers, expected)])}")
        print(f"regwatch, labelled names: {figures([(a['answer'] == 'listed', e) for a, e in zip(answers, expected[:len(labelled)])])}")
        if pairs:
            said = listed_pairs(program, pairs, folder)
            for what, words in (("listed:             ", ["listed"]), ("listed or possible: ", ["listed", "possible"])):
                print(f"regwatch, pairs, {what} {figures([(one in words, e) for one, (_, _, e) in zip(said, pairs)])}")
        if not asked.no_peer:
            theirs = peer(lists, [name for name, _ in labelled], [(a, b) for a, b, _ in pairs], folder)
            print(f"logic-v2, labelled names: {figures([(score >= .7, e) for score, (_, e) in zip(theirs['found'], labelled)])}  ({theirs['seconds']:.0f} s)")
            if pairs:
                print(f"logic-v2, pairs:                       {figures([(score >= .7, e) for score, (_, _, e) in zip(theirs['pairs'], pairs)])}")
        server.shutdown()


if __name__ == "__main__":
    main()
