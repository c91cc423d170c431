//! Members that follow from the others.

use std::collections::BTreeMap;

use crate::domain::id::BodyHash;

/// What stands in every package. Part of form 1: it never changes.
pub(super) const README: &str = "\
This is evidence of what a public page said, and when it was read.

package.json     what this is about
chain.jsonl      every read of the source, one a line, oldest first; each line names the SHA-256 of the line before it
later.jsonl      the lines from there to the next seal
change.json      what changed; the line of the read that found it names its SHA-256 (changes/ where there are several)
change.html      the same to be read by people
bodies/          what the server sent, after transfer decoding; each file is named by its SHA-256
headers/         the headers it came with, without cookies; each file is named by its SHA-256
evidence.warc    the same reads for programs that replay them
silence.json     how often each source was seen over the time, and when it was not
seals/           seals over the heads of all chains, and an authority's time stamps of them (RFC 3161)
proof.json       that the head of the chain is under the seal (RFC 9162, 2.1.3); anchor.json the same of its beginning
manifest.sha256  the SHA-256 of every other file

Check it:        regwatch evidence verify FILE.zip
or by another program, in Python: python3 verify-evidence.py FILE.zip
A time stamp:    openssl ts -verify -in seals/N.tsr -data seals/N.json -CAfile THE-AUTHORITY.pem

Without a time stamp this shows that nothing was changed in part: lines, bodies and changes fit each other. With one it
also shows that all of it was there when the authority put its time to the seal. Who read the page is not shown by it.
";

/// The manifest of members, as `sha256sum` writes it, in the order of their names.
pub(super) fn manifest(members: &BTreeMap<String, BodyHash>) -> String {
    members.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect()
}
