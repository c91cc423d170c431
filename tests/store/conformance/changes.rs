//! Changes are found by what is asked for.

use regwatch::store::{ChangeQuery, StoreError};

use super::Home;
use crate::fixture::{at, changed, company, keep, page, source};

/// Three sources, read at minutes 1 to 6, concerning one company, two, or none.
async fn filled(home: &Home) -> regwatch::store::Store {
    let store = home.open();
    let none: &[&str] = &[];
    for sequence in 1..=6 {
        for (name, companies) in [("bis", none), ("fcc", &["zte"]), ("fcc-2", &["hytera", "zte"])] {
            keep(&store, changed(&source(name), sequence, page(sequence, 50), companies)).await.unwrap();
        }
    }
    home.reopen(store).await
}

#[tokio::test]
async fn every_question_about_changes_is_answered_newest_first() {
    let home = Home::new();
    let store = filled(&home).await;
    let everything = ChangeQuery { limit: usize::MAX, ..ChangeQuery::default() };
    let all = store.changes(everything).await.unwrap();
    assert_eq!(all.len(), 18);
    assert!(all.is_sorted_by(|a, b| a.found_at >= b.found_at));

    let sources = [None, Some(source("bis")), Some(source("fcc")), Some(source("nobody"))];
    let companies = [None, Some(company("zte")), Some(company("hytera")), Some(company("nobody"))];
    let moments = [None, Some(at(0)), Some(at(4)), Some(at(7))];
    for source in &sources {
        for company in &companies {
            for since in moments {
                for limit in [0, 1, 5, usize::MAX] {
                    let query = ChangeQuery {
                        source: source.clone(),
                        company: company.clone(),
                        since,
                        limit,
                        ..ChangeQuery::default()
                    };
                    let asked: Vec<_> = all
                        .iter()
                        .filter(|change| {
                            source.as_ref().is_none_or(|source| *source == change.source)
                                && company
                                    .as_ref()
                                    .is_none_or(|company| change.companies().contains(&company))
                                && since.is_none_or(|since| since <= change.found_at)
                        })
                        .take(limit)
                        .cloned()
                        .collect();
                    assert_eq!(store.changes(query.clone()).await.unwrap(), asked, "{query:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_moment_asked_for_counts_to_the_part_of_a_millisecond() {
    let home = Home::new();
    let store = home.open();
    let mut read = changed(&source("fcc"), 1, Vec::new(), &[]);
    let found_at = at(1) + chrono::Duration::microseconds(300);
    read.changes[0].found_at = found_at;
    keep(&store, read).await.unwrap();
    for (microseconds, expected) in [(-1, 1), (0, 1), (1, 0)] {
        let since = Some(found_at + chrono::Duration::microseconds(microseconds));
        let query = ChangeQuery { since, limit: 9, ..ChangeQuery::default() };
        assert_eq!(store.changes(query).await.unwrap().len(), expected, "{microseconds} µs");
    }
}

#[tokio::test]
async fn a_change_is_found_by_the_beginning_of_its_id() {
    let home = Home::new();
    let store = filled(&home).await;
    let everything = ChangeQuery { limit: usize::MAX, ..ChangeQuery::default() };
    let all = store.changes(everything).await.unwrap();
    for wanted in &all {
        let id = wanted.id.as_str();
        for beginning in (1..=id.len()).map(|length| &id[..length]) {
            let others = all.iter().filter(|change| change.id.as_str().starts_with(beginning)).count();
            match store.find_change(beginning).await {
                Ok(found) => assert_eq!((&found, others), (wanted, 1)),
                Err(StoreError::Ambiguous { count, .. }) => assert_eq!(count, others, "{beginning}"),
                Err(error) => panic!("{beginning}: {error}"),
            }
        }
        assert_eq!(store.find_change(&format!(" {id}\n")).await.unwrap(), *wanted);
    }
}

#[tokio::test]
async fn an_id_of_nothing_finds_nothing() {
    let home = Home::new();
    let store = filled(&home).await;
    for unknown in ["", " ", "zz", "ü", "\0", "ffffffffffffffffffff"] {
        let found = store.find_change(unknown).await;
        assert!(matches!(found, Err(StoreError::NotFound { .. })), "{unknown:?} gave {found:?}");
        let found = store.find_mail(unknown).await;
        assert!(matches!(found, Err(StoreError::NotFound { .. })), "{unknown:?} gave {found:?}");
    }
}
