use super::*;
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::matching::Watchlist;
use crate::domain::scoring::Thresholds;

fn watchlist() -> Watchlist {
    let company = |id: &str, name: &str, alias: &str| Company {
        aliases: vec![Alias::new(alias, AliasKind::Trade)],
        ..Company::new(id.parse().unwrap(), name)
    };
    Watchlist::new(vec![
        company("hikvision", "Hangzhou Hikvision Digital Technology Co., Ltd.", "Hikvision"),
        company("dahua", "Zhejiang Dahua Technology Co., Ltd.", "Dahua"),
    ])
    .unwrap()
}

#[test]
fn figures_follow_from_counts_and_nothing_found_is_no_division_by_nothing() {
    let tally = EvaluationTally { true_positives: 6, false_positives: 2, false_negatives: 3 };
    assert!((tally.precision() - 0.75).abs() < 1e-9);
    assert!((tally.recall() - 6.0 / 9.0).abs() < 1e-9);
    assert!((tally.f1() - 12.0 / 17.0).abs() < 1e-9);
    assert!((EvaluationTally::default().f1() - 1.0).abs() < 1e-9);
}

#[test]
fn pairs_are_counted_and_misses_say_why() {
    let table = "name1,name2,is_match\nRheinwerk AG,Rheinwerk Aktiengesellschaft,true\n\
                 Rheinwerk Gas,Rheinwerk Oil,false\nRheinwerk,Donauwerk,true\n";
    let evaluation = pairs(table, Thresholds::default()).unwrap();
    assert_eq!(evaluation.cases, 3);
    assert_eq!(
        evaluation.figures.tally,
        EvaluationTally { true_positives: 1, false_positives: 0, false_negatives: 1 }
    );
    assert_eq!(evaluation.misses[0].line, 4);
    assert!(evaluation.misses[0].reason.starts_with("0.00"), "{}", evaluation.misses[0].reason);
    assert!(matches!(
        pairs("name1,name2,is_match\na,b,maybe\n", Thresholds::default()),
        Err(EvaluationError::Label { line: 2, .. })
    ));
    assert!(matches!(pairs("a,b\n1,2\n", Thresholds::default()), Err(EvaluationError::Table { .. })));
}

const ENTRIES: &str = "source,list,name,aliases,tracked\n\
    s,EL,\"Hangzhou Hikvision Digital Technology Co., Ltd.\",,hikvision\n\
    s,EL,Dahua Ballet School,,\n\
    s,EL,Unrelated Works,,dahua\n";

#[test]
fn entries_are_held_against_labels_and_labels_can_be_corrected() {
    let evaluation = entries(ENTRIES, &[], &watchlist(), 0.85).unwrap();
    assert_eq!(
        evaluation.figures.tally,
        EvaluationTally { true_positives: 1, false_positives: 1, false_negatives: 1 }
    );
    let row = evaluation.misses[1].subject.last().unwrap().clone();
    let table = format!("row,tracked,reason\n{row},,names nobody\n");
    let corrected = entries(ENTRIES, &corrections(&table).unwrap(), &watchlist(), 0.85).unwrap();
    assert_eq!(corrected.corrected, 1);
    assert_eq!(corrected.figures.tally.false_negatives, 0);
}

#[test]
fn texts_are_held_against_places() {
    let lines = r#"{"text":"an order against Hikvision","expected":[{"company":"hikvision","start":17,"end":26}]}

{"text":"海 Dahua","expected":[]}
{"text":"nobody","expected":[{"company":"dahua","start":0,"end":6}]}"#;
    let evaluation = texts(lines, &watchlist()).unwrap();
    assert_eq!(evaluation.cases, 3);
    assert_eq!(
        evaluation.figures.tally,
        EvaluationTally { true_positives: 1, false_positives: 1, false_negatives: 1 }
    );
    assert_eq!(evaluation.misses.iter().map(|miss| miss.line).collect::<Vec<_>>(), [3, 4]);
    let wrong = r#"{"text":"海","expected":[{"company":"dahua","start":0,"end":1}]}"#;
    assert!(matches!(texts(wrong, &watchlist()), Err(EvaluationError::Span { line: 1, .. })));
    assert!(matches!(texts("{", &watchlist()), Err(EvaluationError::Line { line: 1, .. })));
}
