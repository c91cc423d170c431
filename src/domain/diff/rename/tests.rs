use super::super::{diff, diff_knowing};
use crate::domain::change::{ChangeKind, EntryChange};
use crate::domain::entry::{Completeness, Document, Entry, Resemblance};
use crate::domain::id::CompanyId;
use crate::domain::noise::Noise;

/// A row of a list whose key is its name.
fn party(name: &str, fields: &[(&str, &str)]) -> Entry {
    let row = Entry::new(name.to_lowercase(), name).with("name", name);
    fields.iter().fold(row, |row, (field, text)| row.with(*field, *text))
}

fn list(entries: Vec<Entry>) -> Document {
    Document::new(entries, Completeness::Whole, Resemblance::Title)
}

fn summary(changes: &[EntryChange]) -> Vec<String> {
    changes.iter().map(|change| format!("{} {}", change.kind, change.title)).collect()
}

#[track_caller]
fn renamed(before: Entry, after: Entry) {
    let title = after.title.clone();
    let old_name = before.title.clone();
    let changes = diff(&list(vec![before]), &list(vec![after]), &Noise::default());
    assert_eq!(summary(&changes), [format!("amended {title}")]);
    let shown = |side: fn(&crate::domain::change::FieldChange) -> &Option<String>, name: &str| {
        changes[0].fields.iter().any(|field| side(field).as_deref().is_some_and(|text| text.contains(name)))
    };
    assert!(shown(|field| &field.before, &old_name) && shown(|field| &field.after, &title), "{changes:?}");
}

#[track_caller]
fn another(before: Vec<Entry>, after: Vec<Entry>) {
    let (gone, come) = (before.len(), after.len());
    let changes = diff(&list(before), &list(after), &Noise::default());
    let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
    assert_eq!((count(ChangeKind::Removed), count(ChangeKind::Added)), (gone, come), "{changes:?}");
}

const SAME: [(&str, &str); 2] = [("country", "CN"), ("listed", "2019-10-09")];

#[test]
fn another_spelling_of_a_name_is_the_same_party() {
    for (before, after) in [
        (
            "Hangzhou Hikvision Digital Technology Co., Ltd.",
            "Hangzhou Hikvision Digital Technologies Co., Ltd.",
        ),
        ("Hoshine Silicon Industry Co., Ltd", "Hoshine Silicon Industry Co., Limited"),
        ("Hoshine Silicon Industry Co., Ltd", "Hoshine Silicon Industries Co., Ltd"),
        ("ZTE Corporation", "ZTE Corporation (see order)"),
    ] {
        renamed(party(before, &SAME), party(after, &SAME));
    }
}

#[test]
fn a_name_and_its_alias_may_change_places() {
    let with = |name: &str, alias: &str| party(name, &SAME).with("aliases", alias);
    renamed(with("ZTE Corporation", "Zhongxing"), with("Zhongxing", "ZTE Corporation"));
}

#[test]
fn an_equal_identifier_is_the_same_party_under_any_name() {
    renamed(
        party("Amber Works", &[("number", "E-1001"), ("country", "CN")]),
        party("Basalt Trading House", &[("number", "E-1001"), ("country", "AE")]),
    );
    let shared = |name: &str| party(name, &[("number", "E-1001")]);
    another(
        vec![shared("Amber Works"), shared("Cobalt Mill")],
        vec![shared("Basalt House"), shared("Dolomite Yard")],
    );
}

#[test]
fn one_party_for_another_is_a_removal_and_an_addition() {
    another(vec![party("ZTE Corporation", &SAME)], vec![party("Dahua Technology Co., Ltd.", &SAME)]);
    another(vec![party("Deutsche Bank AG", &SAME)], vec![party("Deutsche Bank Trust Company", &SAME)]);
    another(vec![party("Example Works Alpha Ltd", &SAME)], vec![party("Example Works Bravo Ltd", &SAME)]);
    another(vec![party("Factory No. 12", &SAME)], vec![party("Factory No. 13", &SAME)]);
    another(
        vec![party("Amber Optical Works", &[("country", "CN"), ("listed", "2019")])],
        vec![party("Amber Optics Works", &[("country", "DE"), ("listed", "2026")])],
    );
    another(
        vec![party("ZTE Corporation", &SAME), party("Dahua", &[("country", "CN"), ("listed", "2016")])],
        vec![party("Hikvision", &SAME), party("Nubia", &[("country", "CN"), ("listed", "2016")])],
    );
}

#[test]
fn where_two_could_be_meant_none_is() {
    another(
        vec![party("Amber Optical Technology", &SAME)],
        vec![party("Amber Optical Technologies", &SAME), party("Amber Optical Technology Ltd", &SAME)],
    );
}

#[test]
fn a_company_that_both_names_are_known_to_be_vouches_for_them() {
    let before = list(vec![party("Amber Optical Technology", &[("country", "CN"), ("listed", "1")])]);
    let after = list(vec![party("Amber Optical Technologies", &[("country", "HK"), ("listed", "2")])]);
    let noise = Noise::default();
    assert_eq!(diff(&before, &after, &noise).len(), 2);
    let kin = |name: &str| -> Vec<CompanyId> {
        if name.starts_with("Amber") { vec!["amber".parse().unwrap()] } else { Vec::new() }
    };
    let changes = diff_knowing(&before, &after, &noise, Some(&kin));
    assert_eq!(summary(&changes), ["amended Amber Optical Technologies"]);
}

#[test]
fn a_long_list_finds_who_was_renamed_without_comparing_all_with_all() {
    let rows = |from: usize, to: usize| {
        (from..to).map(|number| party(&format!("Works{number} Trading{number}"), &SAME))
    };
    let before: Vec<Entry> = rows(0, 3_000).chain([party("Hoshine Silicon Technology", &SAME)]).collect();
    let after: Vec<Entry> =
        rows(3_000, 6_000).chain([party("Hoshine Silicon Technologies", &SAME)]).collect();
    let changes = diff(&list(before), &list(after), &Noise::default());
    let amended: Vec<_> = changes.iter().filter(|change| change.kind == ChangeKind::Amended).collect();
    assert_eq!(amended.len(), 1);
    assert_eq!(amended[0].title, "Hoshine Silicon Technologies");
}
