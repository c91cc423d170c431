//! What a changed page costs, step by step: `cargo bench --bench read`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

#[path = "../src/allocator.rs"]
mod allocator;

use divan::{Bencher, black_box};
use regwatch::domain::company::{Alias, AliasKind, Company};
use regwatch::domain::diff::diff;
use regwatch::domain::entry::Document;
use regwatch::domain::matching::Watchlist;
use regwatch::domain::noise::Noise;
use regwatch::domain::source::SourceKind;
use regwatch::domain::text_diff::words;
use regwatch::extract::{RawDocument, extract};
use url::Url;

fn main() {
    divan::main();
}

const SENTENCE: &str = "to the extent it is used for the purpose of public safety, security of government \
     facilities, physical security surveillance of critical infrastructure, and other national security purposes";

/// A list in the structure of the FCC's page; the text of every hundredth row says `version`.
fn list(rows: usize, version: &str) -> String {
    let rows: String = (0..rows)
        .map(|row| {
            let said = if row % 100 == 0 { version } else { "as listed" };
            format!(
                "<tr><td>Equipment produced by <strong>Company Number {row} Ltd</strong>, {SENTENCE}, {said}.</td>\
                 <td><p>March 12, 2021</p></td></tr>"
            )
        })
        .collect();
    format!(
        "<!DOCTYPE html><title>Covered List</title><div id=\"covered-list\"><table><tr>\
         <th>Covered Equipment or Services*</th><th>Date of Inclusion on Covered List</th></tr>{rows}</table></div>"
    )
}

fn read(html: &str) -> Document {
    let url = Url::parse("https://agency.test/list").unwrap();
    let page =
        RawDocument { body: html.as_bytes(), content_type: Some("text/html; charset=utf-8"), url: &url };
    extract(&SourceKind::FccCoveredList, &page).unwrap()
}

const ROWS: [usize; 3] = [20, 500, 5_000];

#[divan::bench(args = ROWS)]
fn extract_a_list(bencher: Bencher, rows: usize) {
    let html = list(rows, "one");
    bencher.counter(divan::counter::BytesCount::new(html.len())).bench(|| read(black_box(&html)));
}

#[divan::bench(args = ROWS)]
fn compare_two_lists(bencher: Bencher, rows: usize) {
    let noise = Noise::of(SourceKind::FccCoveredList.default_noise());
    let (before, after) = (read(&list(rows, "one")), read(&list(rows, "two")));
    bencher.bench(|| diff(black_box(&before), black_box(&after), &noise));
}

#[divan::bench(args = [10, 1_000])]
fn compare_two_texts_word_by_word(bencher: Bencher, sentences: usize) {
    let before = format!("{SENTENCE}. ").repeat(sentences);
    let after = before.replacen("public safety", "public order", 1);
    bencher.bench(|| words(black_box(&before), black_box(&after)));
}

#[divan::bench(args = [5, 5_000])]
fn find_companies_in_a_text(bencher: Bencher, companies: usize) {
    let companies = (0..companies)
        .map(|number| Company {
            aliases: vec![Alias::new(format!("Brand{number}"), AliasKind::Trade)],
            ..Company::new(
                format!("company-{number}").parse().unwrap(),
                format!("Company Number {number} Ltd"),
            )
        })
        .collect();
    let watchlist = Watchlist::new(companies).unwrap();
    let text = format!("{SENTENCE}, Brand3 and Company Number 4 Ltd. ").repeat(100);
    bencher
        .counter(divan::counter::BytesCount::new(text.len()))
        .bench(|| watchlist.find("text", black_box(&text)));
}

/// Bodies that make a parser's cost grow with the square of their size, unless it is stopped.
const HOSTILE: [(&str, &str); 3] =
    [("nesting", "<div>"), ("misnesting", "<a><b><i><p>"), ("elements", "<a>")];

#[divan::bench(args = HOSTILE)]
fn refuse_a_hostile_page(bencher: Bencher, (_, unit): (&str, &str)) {
    let html = unit.repeat(1_000_000 / unit.len());
    let url = Url::parse("https://agency.test/list").unwrap();
    let page = RawDocument { body: html.as_bytes(), content_type: Some("text/html"), url: &url };
    bencher.bench(|| extract(&SourceKind::FccCoveredList, black_box(&page)).is_err());
}
