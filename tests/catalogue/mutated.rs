//! Each fact of a source that changes is named by the verdict and by the doctor.

use regwatch::domain::source::Source;
use serde_json::Value;

use crate::as_shipped::can_be_played;
use crate::bodies;
use crate::install::{Install, shipped};
use crate::proxy::Reply;
use crate::world;

/// One source of the catalogue in its world.
struct Alone {
    source: Source,
    install: Install,
}

impl Alone {
    /// Not read yet.
    fn unread(id: &str) -> Self {
        let config = shipped();
        let source = config.source(&id.parse().unwrap()).unwrap().clone();
        let install = Install::of(&[&source], &[]);
        world::answer(&install.proxy, &[&source], 100, false);
        Self { source, install }
    }

    fn with(id: &str) -> Self {
        let alone = Self::unread(id);
        let (reports, _) = alone.install.check(&[id], &[0]);
        assert_eq!(reports[id]["verdict"], "good", "{reports:#?}");
        assert_eq!(alone.doctor(&[0])["drifts"], Value::Array(Vec::new()));
        alone
    }

    fn id(&self) -> &str {
        self.source.id.as_str()
    }

    fn doctor(&self, codes: &[i32]) -> Value {
        self.install.run(&["source", "doctor", self.id(), "--json"], codes).json["sources"][0].clone()
    }

    /// The address of the file and what is answered there.
    fn file(&self) -> (String, Reply) {
        let size = world::size(&self.source, 100, false);
        bodies::of(&self.source, size).into_iter().find(|(_, reply)| reply.status == 200).unwrap()
    }

    /// The verdict and the doctor must name the fact.
    #[track_caller]
    fn expect(&self, verdict: &str, reason: &str, fact: &str, key: &str) {
        let (reports, _) = self.install.check(&[self.id(), "--force"], &[4]);
        let report = &reports[self.id()];
        assert_eq!(report["verdict"], verdict, "{report:#}");
        assert!(report["reason"].as_str().unwrap().contains(reason), "{reason:?}: {report:#}");
        let examined = self.doctor(&[4]);
        let drifts = examined["drifts"].as_array().unwrap();
        let named = drifts.iter().find(|drift| drift["fact"] == fact);
        let named = named.unwrap_or_else(|| panic!("{fact}: {examined:#}"));
        assert_eq!(named["key"], key, "{examined:#}");
        let place = named["at"].as_str().unwrap();
        assert!(place.contains("config/sources/") && place.contains(".toml:"), "{place}");
    }
}

#[test]
fn a_rule_that_forbids_it_is_named() {
    if !can_be_played() {
        return;
    }
    // What a site allows is asked once a day, so it must not have been asked yet.
    let alone = Alone::unread("un-sanctions");
    let host = "https://scsanctions.un.org/robots.txt";
    alone.install.proxy.answer(host, Reply::of("text/plain", "User-agent: *\nDisallow: /resources/\n"));
    alone.expect("failed", "Disallow: /resources/", "robots", "robots");
}

#[test]
fn one_byte_over_the_limit_is_named() {
    if !can_be_played() {
        return;
    }
    let alone = Alone::with("ofac-non-sdn");
    let (address, reply) = alone.file();
    let limit = alone.source.request.max_body_bytes.unwrap_or(16 << 20);
    let mut body = reply.body.to_vec();
    body.resize(limit + 1, b' ');
    alone.install.proxy.answer(&address, Reply { body: body.into(), ..reply });
    alone.expect("failed", "is larger than", "bytes", "max_body");
}

#[test]
fn a_header_that_was_renamed_is_named() {
    if !can_be_played() {
        return;
    }
    let alone = Alone::with("bis-denied-persons");
    let size = world::size(&alone.source, 100, false);
    for (address, reply) in bodies::of(&alone.source, size) {
        let body = String::from_utf8_lossy(&reply.body).replace("Name_and_Address", "Party");
        alone.install.proxy.answer(&address, Reply { body: body.into(), ..reply });
    }
    alone.expect("suspect", "expected the headers", "head", "kind");
}

#[test]
fn a_file_that_moved_is_named() {
    if !can_be_played() {
        return;
    }
    let alone = Alone::with("un-sanctions");
    alone.install.proxy.answer(alone.source.url.as_str(), Reply::status(404));
    alone.expect("failed", "answered 404", "answer", "url");
}

#[test]
fn half_the_entries_are_named() {
    if !can_be_played() {
        return;
    }
    let alone = Alone::with("ofac-non-sdn");
    world::answer(&alone.install.proxy, &[&alone.source], 50, false);
    alone.expect("suspect", "entries", "entries", "observed.entries");
}
