//! The UFLPA Entity List beside what somebody else read out of the same page.

use std::collections::{BTreeMap, BTreeSet};

use regwatch::domain::change::ChangeKind;
use regwatch::domain::entry::family;
use regwatch::domain::source::SourceKind;
use serde_json::Value;

use super::*;

const PAGE: &str = "dhs_uflpa/source-uflpa-2026-07-09.html";

/// Names as they are compared: that one reading keeps a comma or full stop means nothing.
fn bare(name: &str) -> String {
    let letters: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    letters.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Aliases as one text: the other reading leaves "and" and "formerly known as" in some of them.
fn words<'a>(aliases: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let aliases: Vec<String> = aliases.map(bare).collect();
    let text = aliases.join(" ").replace("formerly known as", "");
    text.split_whitespace().filter(|word| *word != "and").map(str::to_owned).collect()
}

/// The other reading leaves the end of this name out.
const CORPS: &str = "xinjiang production and construction corps";

type Names = BTreeMap<String, BTreeSet<String>>;

fn expected() -> Option<Names> {
    let parsed: Value = serde_json::from_slice(&capture("dhs_uflpa/dhs_uflpa.json")?).unwrap();
    let mut names = Names::new();
    for entity in parsed["entities"].as_array().unwrap() {
        let aliases = entity["aliases"].as_array().unwrap().iter().map(|alias| alias.as_str().unwrap());
        names.entry(bare(entity["name"].as_str().unwrap())).or_default().extend(words(aliases));
    }
    Some(names)
}

#[test]
fn every_entity_and_alias_is_there() {
    let (Some(body), Some(expected)) = (capture(PAGE), expected()) else { return };
    let document = good(&SourceKind::Uflpa, PAGE, &body);
    let mut found = Names::new();
    for entry in &document.entries {
        let name = bare(&entry.title);
        let name = name.split(" and its subordinate").next().unwrap().to_owned();
        let aliases = entry.fields.get("aliases").map_or("", String::as_str);
        found.entry(name).or_default().extend(words(aliases.lines()));
    }
    assert_eq!(found, expected);
    assert!(found.contains_key(CORPS) && found.contains_key(&format!("{CORPS} xpcc")));
    println!("{PAGE}: {} of {} entities agree, names and aliases", found.len(), expected.len());
}

#[test]
fn an_entity_listed_on_two_grounds_is_an_entry_of_each() {
    let Some(body) = capture(PAGE) else { return };
    let document = good(&SourceKind::Uflpa, PAGE, &body);
    let key = "aksu-huafu-color-spinning-co-ltd";
    let listings: Vec<&Entry> = document.entries.iter().filter(|entry| family(&entry.key) == key).collect();
    let [first, second] = listings[..] else { panic!("{listings:#?}") };
    assert!(first.fields["program"].ends_with("Section 2(d)(2)(B)(ii)"), "{first:#?}");
    assert!(second.fields["program"].ends_with("Section 2(d)(2)(B)(v)"), "{second:#?}");
    for listing in listings {
        assert_eq!(listing.fields["listed"], "January 15, 2025");
        assert!(listing.fields["aliases"].lines().any(|alias| alias == "Akesu Huafu"), "{listing:#?}");
    }
    let undated: Vec<&str> = document
        .entries
        .iter()
        .filter(|entry| entry.date.is_none())
        .map(|entry| entry.title.as_str())
        .collect();
    assert!(undated.is_empty(), "{undated:?}");
}

#[test]
fn who_is_renamed_on_one_ground_is_amended_there_and_stays_on_the_other() {
    let Some(body) = capture(PAGE) else { return };
    let page = String::from_utf8(body).unwrap();
    let name = "Hoshine Silicon Industry (Shanshan) Co., Ltd (including";
    for (old, new) in [("Ltd", "Limited"), ("Industry", "Industries")] {
        let renamed = page.replacen(name, &name.replace(old, new), 1);
        assert_ne!(renamed, page);
        let before = good(&SourceKind::Uflpa, PAGE, page.as_bytes());
        let after = good(&SourceKind::Uflpa, PAGE, renamed.as_bytes());
        let changes = diff(&before, &after, &Noise::of(SourceKind::Uflpa.default_noise()));
        let told: Vec<ChangeKind> = changes.iter().map(|change| change.kind).collect();
        assert_eq!(told, [ChangeKind::Amended], "{old} for {new}: {changes:#?}");
    }
}
