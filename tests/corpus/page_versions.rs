//! Pages as they were at different times: what truly changed is found, what did not is passed over.
//!
//! What changed was worked out from the bytes: the words of each pair, markup aside, compared line
//! by line.

use std::collections::BTreeSet;
use std::fs;

use regwatch::domain::change::{ChangeKind, EntryChange};
use regwatch::domain::diff::diff;
use regwatch::domain::entry::{Document, LINKS};
use regwatch::domain::noise::Noise;
use regwatch::domain::source::{PageTextSettings, Pairs, RowSettings, SourceKind, TableSettings};
use regwatch::extract::{RawDocument, extract};

fn read(kind: &SourceKind, path: &str) -> Option<Document> {
    let body = fs::read(crate::corpus()?.join("page_versions").join(path)).unwrap();
    let url = "https://agency.test/page".parse().unwrap();
    let page = RawDocument { body: &body, content_type: Some("text/html"), url: &url };
    let document = extract(kind, &page).unwrap_or_else(|error| panic!("{path}: {error}"));
    println!("{path}: {} bytes, {} entries", body.len(), document.entries.len());
    Some(document)
}

fn changes(kind: &SourceKind, before: &str, after: &str) -> Option<Vec<EntryChange>> {
    let noise = Noise::of(kind.default_noise());
    Some(diff(&read(kind, before)?, &read(kind, after)?, &noise))
}

fn prose(keep: &str, drop: &[&str]) -> SourceKind {
    SourceKind::PageText(PageTextSettings {
        keep: vec![keep.to_owned()],
        drop: drop.iter().map(|&css| css.to_owned()).collect(),
        one_page: false,
    })
}

fn table(selector: &str, columns: &[(&str, &str)], key: &[&str]) -> SourceKind {
    SourceKind::HtmlTable(TableSettings {
        selector: selector.to_owned(),
        columns: Pairs::of(columns),
        caption: None,
        one_page: false,
        rows: RowSettings {
            key: key.iter().map(|&field| field.to_owned()).collect(),
            ..RowSettings::default()
        },
    })
}

/// The lines that are in the old text of an amended entry alone, and those in the new one alone.
fn lines_apart(change: &EntryChange) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let text = change.fields.iter().find(|field| field.name == "text").unwrap();
    let old: BTreeSet<&str> = text.before.as_deref().unwrap_or_default().lines().collect();
    let new: BTreeSet<&str> = text.after.as_deref().unwrap_or_default().lines().collect();
    (old.difference(&new).copied().collect(), new.difference(&old).copied().collect())
}

const CUBA: &str = "state_cuba_restricted";

fn cuba(before: &str, after: &str) -> Option<EntryChange> {
    let kind = prose(".classic-block-wrapper", &[]);
    let path = |day: &str| format!("{CUBA}/{day}_restricted-list.html");
    let changes = changes(&kind, &path(before), &path(after))?;
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0].kind, ChangeKind::Amended);
    Some(changes.into_iter().next().unwrap())
}

#[test]
fn the_cuba_restricted_list_of_july_names_the_hotels_that_were_added() {
    let Some(change) = cuba("2025-02-06", "2025-07-14") else { return };
    let (gone, come) = lines_apart(&change);
    let hotels: Vec<&&str> = come.iter().filter(|line| line.contains("Effective July 14, 2024")).collect();
    println!("{CUBA}: {} lines gone, {} come, {} of them hotels", gone.len(), come.len(), hotels.len());
    assert_eq!(hotels.len(), 8, "{come:#?}");
    assert!(come.contains("As of July 14, 2025") && gone.contains("As of February 6, 2025"));
    // Nothing but headings, the day and the introduction went: no entity was taken off the list.
    let names: Vec<&&str> = gone.iter().filter(|line| !line.starts_with("Hotels in ")).collect();
    assert_eq!(names.len(), 3, "{names:#?}");
}

#[test]
fn a_week_later_only_the_year_of_their_listing_was_put_right() {
    let Some(change) = cuba("2025-07-14", "2025-07-21") else { return };
    let (gone, come) = lines_apart(&change);
    let corrected: BTreeSet<String> =
        gone.iter().map(|line| line.replace("July 14, 2024", "July 14, 2025")).collect();
    assert_eq!((gone.len(), come.len()), (8, 8), "{gone:#?} {come:#?}");
    assert_eq!(corrected, come.iter().map(|&line| line.to_owned()).collect());
}

#[test]
fn the_links_around_wallet_addresses_went_and_nothing_else_changed() {
    let columns =
        [("Order ID", "order"), ("Full name", "name"), ("Virtual currency address / User ID", "address")];
    let mut kind = table("table[style*='1671px']", &columns, &["address", "order", "name"]);
    if let SourceKind::HtmlTable(table) = &mut kind {
        // A cell that reaches over two rows is one address.
        table.rows.group = true;
    }
    let folder = "il_mod_crypto";
    let before = format!("{folder}/2025-02-05_source.html");
    let (Some(old), Some(new)) =
        (read(&kind, &before), read(&kind, &format!("{folder}/2025-02-07_source.html")))
    else {
        return;
    };
    // Three thousand links without a purpose went from around the words.
    let mut noise = Noise::of(kind.default_noise());
    noise.fields.insert(LINKS.to_owned());
    let changes = diff(&old, &new, &noise);
    assert_eq!(changes, []);
}

#[test]
fn every_row_of_two_national_tables_is_read() {
    let organisations = table("table", &[("Sl -No", "number"), ("Organisation", "name")], &["name"]);
    let Some(document) = read(&organisations, "mha_banned/data.html") else { return };
    assert_eq!(document.entries.len(), 39);
    assert_eq!(document.entries[0].title, "Babbar Khalsa International");
    let frozen = table(
        "table",
        &[
            ("Fizinio ar juridinio asmens, kurio turtas įšaldytas, pavadinimas", "name"),
            ("Įmonės kodas", "code"),
        ],
        &["code|name"],
    );
    let document = read(&frozen, "lt_fiu/2023-10-27_data.html").unwrap();
    assert_eq!(document.entries.len(), 17);
    assert_eq!(document.entries[0].key, "126119913");
}

#[test]
fn what_a_person_called_no_change_is_passed_over_and_a_removed_link_is_not() {
    let pair = |name: &str, keep: &str, drop: &[&str]| {
        let path = |side: char| format!("edgi_pairs/{name}-{side}.html");
        changes(&prose(keep, drop), &path('a'), &path('b'))
    };
    let Some(views) = pair("falsepos-num-views", "#EDN_OARIT_ArticleDetail", &[]) else { return };
    assert_eq!(views, []);
    assert_eq!(pair("falsepos-footer", "[role=main] h1", &[]).unwrap(), []);
    let removed = pair("truepos-dataset-removal", "main", &[]).unwrap();
    assert_eq!(removed.len(), 1, "{removed:#?}");
    assert!(lines_apart(&removed[0]).0.contains("View this Dataset"));
}
