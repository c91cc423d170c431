use super::*;
use crate::domain::category::Category;
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::entry::Entry;
use crate::domain::matching::Watchlist;
use crate::domain::scoring::Thresholds;
use crate::domain::source::{ListMeaning, PageTextSettings, SourceKind};

fn source(kind: SourceKind) -> Source {
    Source { companies: vec!["amber".parse().unwrap()], ..Source::sample(kind) }
}

fn watchlist() -> Watchlist {
    let company = |id: &str, name: &str| Company::new(id.parse().unwrap(), name);
    let amber = Company {
        aliases: vec![
            Alias::new("Amber", AliasKind::Trade),
            Alias::new("琥珀数字", AliasKind::NativeScript),
            Alias::new("Resin Semiconductor", AliasKind::Subsidiary),
        ],
        not: vec!["Amber Electronics Corporation".to_owned()],
        ..company("amber", "Hangzhou Amber Digital Technology Co., Ltd.")
    };
    let child = Company { parent: Some(amber.id.clone()), ..company("copal", "Copal Cameras Ltd") };
    let exposed =
        Company { exposures: vec!["foreign-drones".parse().unwrap()], ..company("kite", "Kite Works GmbH") };
    let category = Category {
        id: "foreign-drones".parse().unwrap(),
        title: "Foreign drones".to_owned(),
        phrases: vec!["uncrewed aircraft produced in a foreign country".to_owned()],
    };
    Watchlist::with(vec![amber, child, exposed], vec![category], Thresholds::default()).unwrap()
}

fn list() -> Vec<Entry> {
    vec![
        Entry::new("amber", "HANGZHOU AMBER DIGITAL TECHNOLOGY COMPANY LIMITED"),
        Entry::new("trade", "GENERAL TRADING COMPANY"),
        Entry::new("basalt", "Basalt Marine Shipping LLC").with("aliases", "Lavaline\nОбсидиан Судоходство"),
        Entry::new("office", "Slate Institute")
            .with("remarks", "Linked to Hangzhou Amber Digital Technology"),
        Entry::new("flying", "Aircraft").with("text", "Uncrewed aircraft produced in a foreign country"),
        Entry::new("resin", "Resin Semiconductor Co., Ltd."),
        Entry::new("quartz", "Quartz Petrochemical Industries (a.k.a. Feldspar Chemie)"),
    ]
}

fn found(names: &[&str], source: &Source, entries: &[Entry]) -> Vec<ScreenedName> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let screening = Screening::of(names, &watchlist()).unwrap();
    let found = screening.look(source, entries);
    screening.finish(found)
}

#[track_caller]
fn check(name: &str, expected: ScreeningAnswer, key: Option<&str>) {
    let named = found(&[name], &source(SourceKind::Csl), &list());
    let first = named[0].findings.first();
    assert_eq!(named[0].answer(), expected, "{name}: {first:?}");
    assert_eq!(first.map(|finding| finding.key.as_str()), key, "{name}: {first:?}");
}

#[test]
fn a_name_and_an_alias_of_the_list_are_listed_however_they_are_written() {
    check("Basalt Marine Shipping", ScreeningAnswer::Listed, Some("basalt"));
    check("BASALT MARINE SHIPPING L.L.C.", ScreeningAnswer::Listed, Some("basalt"));
    check("Lavaline", ScreeningAnswer::Listed, Some("basalt"));
    check("Obsidian Sudokhodstvo", ScreeningAnswer::Listed, Some("basalt"));
    check("Feldspar Chemie GmbH", ScreeningAnswer::Listed, Some("quartz"));
}

#[test]
fn a_tracked_company_is_listed_by_any_of_its_names() {
    check("Amber", ScreeningAnswer::Listed, Some("amber"));
    check("琥珀数字", ScreeningAnswer::Listed, Some("amber"));
    check("琥珀数字 (Amber Digital)", ScreeningAnswer::Listed, Some("amber"));
}

#[test]
fn a_name_that_means_somebody_else_is_never_the_company() {
    let named = found(&["Amber Electronics Corp."], &source(SourceKind::Csl), &list());
    assert_eq!((named[0].answer(), named[0].not.len()), (ScreeningAnswer::Clear, 1));
    // On a list that bears the very name it stands all the same.
    let entries = [Entry::new("e", "AMBER ELECTRONICS CORPORATION")];
    let named = found(&["Amber Electronics Corporation"], &source(SourceKind::Dpl), &entries);
    assert_eq!(named[0].answer(), ScreeningAnswer::Listed);
}

#[test]
fn who_belongs_to_a_listed_company_or_to_a_category_is_exposed() {
    check("Copal Cameras Ltd", ScreeningAnswer::Exposed, Some("amber"));
    check("Kite Works", ScreeningAnswer::Exposed, Some("flying"));
    // Its own entry comes before that of its owner.
    check("Resin Semiconductor", ScreeningAnswer::Listed, Some("resin"));
    let named = found(&["Amber"], &source(SourceKind::Csl), &list());
    let told: Vec<(&str, ScreeningAnswer)> =
        named[0].findings.iter().map(|finding| (finding.key.as_str(), finding.answer)).collect();
    assert!(told.contains(&("resin", ScreeningAnswer::Exposed)), "{told:?}");
    assert!(
        told.contains(&("office", ScreeningAnswer::Exposed)),
        "who is only mentioned is not listed: {told:?}"
    );
}

#[test]
fn what_is_near_is_possible_and_what_is_said_of_many_is_nobody() {
    check("Basalt Marine Chartering", ScreeningAnswer::Possible, Some("basalt"));
    check("Basalt (Marine) Shippping", ScreeningAnswer::Possible, Some("basalt"));
    check("Basalt Bank", ScreeningAnswer::Clear, None);
    check("Trading Company", ScreeningAnswer::Clear, None);
    check("General Trading Company", ScreeningAnswer::Listed, Some("trade"));
    check("Shipping LLC", ScreeningAnswer::Clear, None);
    check("Bluebird", ScreeningAnswer::Clear, None);
}

#[test]
fn names_in_the_sentences_of_a_list_count() {
    let covered = source(SourceKind::FccCoveredList);
    let text = "Equipment produced by Hangzhou Amber Digital Technology Co., Ltd., including that of Gneiss Video Corp. or its subsidiaries";
    let entries = [Entry::new("a", "Hangzhou Amber Digital Technology Co., Ltd").with("text", text)];
    let answers = |name: &str| found(&[name], &covered, &entries)[0].answer();
    assert_eq!(answers("Gneiss Video Corporation"), ScreeningAnswer::Listed);
    assert_eq!(answers("Amber"), ScreeningAnswer::Listed);
    assert_eq!(answers("Equipment"), ScreeningAnswer::Listed, "whatever is written like a name");
    let mut page = source(SourceKind::PageText(PageTextSettings {
        keep: Vec::new(),
        drop: Vec::new(),
        one_page: false,
    }));
    assert!(!is_screened(&page));
    page.listing =
        Some(ListMeaning { effect: "forbidden".to_owned(), authority: "a law".to_owned(), deadline: None });
    assert!(is_screened(&page));
    let entries = [Entry::new("h", "Hotels").with("text", "Havana\nGabbro Hotels\nBeryl Marina – Cuba")];
    assert_eq!(found(&["Gabbro Hotels"], &page, &entries)[0].answer(), ScreeningAnswer::Listed);
}

#[test]
fn names_come_back_as_they_were_given_each_as_often_as_it_was() {
    let given = [" Lavaline ", "Bluebird", " Lavaline ", "琥珀数字"];
    let named = found(&given, &source(SourceKind::Csl), &list());
    assert_eq!(named.iter().map(|name| name.name.as_str()).collect::<Vec<_>>(), given);
    assert_eq!(named[0], named[2]);
    assert_eq!(named[0].answer(), ScreeningAnswer::Listed);
}
