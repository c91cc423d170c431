//! The UFLPA Entity List beside what somebody else read out of the same page.

use std::collections::{BTreeMap, BTreeSet};

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
fn an_entity_listed_on_two_grounds_is_one_entry() {
    let Some(body) = capture(PAGE) else { return };
    let document = good(&SourceKind::Uflpa, PAGE, &body);
    let entry = entry(&document, "aksu-huafu-color-spinning-co-ltd");
    let grounds: Vec<&str> = entry.fields["program"].lines().collect();
    assert_eq!(grounds.len(), 2, "{grounds:?}");
    assert!(grounds[0].ends_with("Section 2(d)(2)(B)(ii)") && grounds[1].ends_with("Section 2(d)(2)(B)(v)"));
    assert_eq!(entry.fields["listed"], "January 15, 2025");
    assert_eq!(
        entry.fields["aliases"],
        "Aksu Huafu Textiles Co., Ltd.\nAkesu Huafu\nAksu Huafu Dyed Melange Yarn\nAkesu Huafu Melange Yarn Co., Ltd."
    );
    let undated: Vec<&str> = document
        .entries
        .iter()
        .filter(|entry| entry.date.is_none())
        .map(|entry| entry.title.as_str())
        .collect();
    assert!(undated.is_empty(), "{undated:?}");
}
