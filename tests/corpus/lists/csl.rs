//! The Consolidated Screening List, in both layouts of its columns.

use regwatch::domain::source::SourceKind;

use super::*;

const CURRENT: &str = "csl/consolidated.csv";
const FORMER: &str = "csl/csl.csv";

#[test]
fn every_row_of_both_layouts_is_an_entry_under_its_name() {
    for (path, entries) in [(CURRENT, 13), (FORMER, 115)] {
        let Some(body) = capture(path) else { return };
        let document = good(&SourceKind::Csl, path, &body);
        let name = usize::from(path == CURRENT) + 4;
        let rows = rows(&body, b',', true);
        let names: Vec<&str> = rows.iter().map(|row| row[name].trim()).collect();
        assert_eq!(document.entries.len(), entries, "{path}");
        // A byte of windows-1252 that was taken for Latin-1 is the apostrophe that it was.
        let single =
            |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ").replace('\u{92}', "\u{2019}");
        let mut names: Vec<String> = names.into_iter().map(single).collect();
        names.sort_unstable();
        assert_eq!(titles(&document), names, "{path}");
    }
}

#[test]
fn a_row_says_who_where_and_since_when() {
    let Some(body) = capture(FORMER) else { return };
    let document = good(&SourceKind::Csl, FORMER, &body);
    let entry = entry(&document, "sectoral-sanctions-identifications-list-ssi-treasury-department/18774");
    assert_eq!(entry.title, "AKTSIONERNOE OBSHCHESTVO TEKHNODINAMIKA");
    let fields = fields(entry);
    assert_eq!(
        fields["aliases"],
        "JOINT STOCK COMPANY AVIATION EQUIPMENT\nTEKHNODINAMIKA, AO\nTECHNODINAMIKA\nAGREGATNOE KONSTRUKTORSKOE BYURO YAKOR OAO"
    );
    assert_eq!(fields["address"], "d. 29 ul. Ibragimova, Moscow, 105318, RU");
    assert!(fields["identifiers"].contains("7719265496, Tax ID No."));
}

#[test]
fn another_order_is_no_change_and_neither_is_the_newer_layout() {
    for path in [CURRENT, FORMER] {
        let Some(body) = capture(path) else { return };
        same(&SourceKind::Csl, &body, &reordered(&body, 1));
    }
    let Some(body) = capture(CURRENT) else { return };
    let mut without = csv::WriterBuilder::new().from_writer(Vec::new());
    for row in rows(&body, b',', false) {
        without.write_record(row.iter().skip(1)).unwrap();
    }
    same(&SourceKind::Csl, &body, &without.into_inner().unwrap());
}

#[test]
fn a_table_that_was_cut_off_is_refused_wherever_it_was() {
    for (path, step) in [(CURRENT, 1), (FORMER, 101)] {
        let Some(body) = capture(path) else { return };
        let whole = read(&SourceKind::Csl, &body).unwrap().entries.len();
        let taken = |end: &usize| read(&SourceKind::Csl, &body[..*end]).is_ok();
        let accepted: Vec<usize> = (1..body.len()).step_by(step).filter(taken).collect();
        // A cut that leaves a table stands between rows or within the last field of one.
        let columns = rows(&body, b',', false)[0].len();
        for &end in &accepted {
            let last = rows(&body[..end], b',', false).last().map(csv::StringRecord::len);
            assert_eq!(last, Some(columns), "{path}: cut at {end}");
        }
        assert!(accepted.len() < whole * 30, "{path}: {}", accepted.len());
        println!(
            "{path}: cut at {} places, {} of them between rows or in a last field",
            body.len() / step,
            accepted.len()
        );
    }
}
