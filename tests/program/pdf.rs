//! A list that is published as a PDF: its text becomes entries.

use std::process::Command;

use bytes::Bytes;
use chrono_tz::UTC;
use regwatch::check::{Trial, try_saved};
use regwatch::domain::noise::Noise;
use regwatch::domain::source::{Brackets, PdfTextSettings, RequestSettings, RowSettings, Source, SourceKind};
use regwatch::domain::verdict::Verdict;

use crate::left_out::left_out;

/// A PDF of pages with lines on them, each at a column.
pub fn pdf(pages: &[&[(u32, &str)]]) -> Vec<u8> {
    let mut objects = vec!["<</Type/Catalog/Pages 2 0 R>>".to_owned(), String::new()];
    objects.push("<</Type/Font/Subtype/Type1/BaseFont/Courier>>".to_owned());
    let mut kids = Vec::new();
    for lines in pages {
        let drawn: String = lines
            .iter()
            .enumerate()
            .map(|(row, (column, text))| {
                let escaped = text.replace('(', "\\(").replace(')', "\\)");
                format!("BT /F 10 Tf {} {} Td ({escaped}) Tj ET\n", 40 + column * 6, 760 - row * 14)
            })
            .collect();
        let page = objects.len() + 1;
        kids.push(format!("{page} 0 R"));
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {} 0 R/Resources<</Font<</F 3 0 R>>>>>>",
            page + 1
        ));
        objects.push(format!("<</Length {}>>stream\n{drawn}endstream", drawn.len()));
    }
    objects[1] = format!("<</Type/Pages/Count {}/Kids[{}]>>", kids.len(), kids.join(" "));
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&[&(number + 1).to_string(), " 0 obj\n", object, "\nendobj\n"].concat());
    }
    let start = file.len();
    let table: String = places.iter().map(|place| format!("{place:010} 00000 n \n")).collect();
    let count = places.len() + 1;
    let end = format!(
        "xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    );
    (file + &end).into_bytes()
}

fn source() -> Source {
    let kind = SourceKind::PdfText(PdfTextSettings {
        begin: Some("^ *Entities Identified".to_owned()),
        end: Some("^ *End of list".to_owned()),
        skip: vec!["^ *Page \\d+ of \\d+ *$".to_owned()],
        starts: Some("^ {0,4}\\S".to_owned()),
        entry: "^(?<name>.+)$".to_owned(),
        text_columns: 1,
        rows: RowSettings {
            key: vec!["name".to_owned()],
            bracketed_aliases: Some(Brackets::Last),
            ..RowSettings::default()
        },
    });
    Source {
        id: "annex".parse().unwrap(),
        title: "Annex".to_owned(),
        url: "https://agency.test/annex.pdf".parse().unwrap(),
        schedule: "@daily".parse().unwrap(),
        timezone: UTC,
        companies: Vec::new(),
        guard: kind.default_guard(),
        noise: Noise::of(kind.default_noise()),
        request: RequestSettings::default(),
        stale_after: None,
        quiet_after: None,
        misses: None,
        catalogue: regwatch::domain::catalogue::Catalogue::default(),
        listing: None,
        kind,
    }
}

/// What a body is found to be; nothing on a machine that cannot read PDFs.
async fn tried(body: Vec<u8>) -> Option<Trial> {
    if Command::new("pdftotext").arg("-v").output().is_err() {
        left_out("lists as PDF", "pdftotext is not installed");
        return None;
    }
    Some(try_saved(&source(), Bytes::from(body), Vec::new()).await)
}

#[tokio::test]
async fn its_lines_become_entries_over_pages_and_line_ends() {
    let first: &[(u32, &str)] = &[
        (20, "Annex to the notice"),
        (0, "Entities Identified as Chinese Military Companies"),
        (0, "Example Semiconductor Inc. China (ESIC)"),
        (0, "Example Aviation High-Technology and General Equipment Company"),
        (8, "Limited (Example Hi-Tech)*"),
        (30, "Page 1 of 2"),
    ];
    let second: &[(u32, &str)] = &[(0, "Specimen Holdings Ltd."), (0, "End of list"), (0, "Notes")];
    let Some(trial) = tried(pdf(&[first, second])).await else { return };
    assert_eq!(trial.verdict, Verdict::Good, "{:?}", trial.reason);
    let entries = trial.document.unwrap().entries;
    let told: Vec<(&str, &str)> = entries
        .iter()
        .map(|entry| (entry.title.as_str(), entry.fields.get("aliases").map_or("", String::as_str)))
        .collect();
    assert_eq!(
        told,
        [
            ("Example Semiconductor Inc. China", "ESIC"),
            ("Example Aviation High-Technology and General Equipment Company Limited*", "Example Hi-Tech"),
            ("Specimen Holdings Ltd.", ""),
        ]
    );
}

#[tokio::test]
async fn what_is_no_such_pdf_is_suspect() {
    let other: &[(u32, &str)] = &[(0, "Press release")];
    let bodies =
        [b"<html>Access Denied</html>".to_vec(), b"%PDF-1.4 broken".to_vec(), pdf(&[other]), pdf(&[])];
    for body in bodies {
        let Some(trial) = tried(body).await else { return };
        assert_eq!(trial.verdict, Verdict::Suspect, "{:?}", trial.reason);
        assert!(trial.document.is_none());
    }
}
