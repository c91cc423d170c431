//! What a mail asks for, and who is meant by it.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use regwatch::domain::company::{Alias, AliasKind, Company};
use regwatch::domain::inbound::{MAX_COMMANDS, MailCommand, MailText, commands, select};
use regwatch::domain::matching::Watchlist;

static WATCHLIST: OnceLock<Watchlist> = OnceLock::new();

fuzz_target!(|input: (Option<&str>, &str, &str, bool)| {
    let (detail, subject, words, is_whole) = input;
    let text = MailText { words: words.to_owned(), is_whole };
    let found = commands(detail, subject, &text);
    assert!((1..=MAX_COMMANDS).contains(&found.len()));
    let others = &found[..found.len() - 1];
    // What is not understood ends the reading, and so does a confirmation.
    let ends = |command: &MailCommand| matches!(command, MailCommand::Unknown | MailCommand::Confirm { .. });
    assert!(!others.iter().any(ends));
    let sources = ["fcc-covered-list", "court-cadc"].map(|id| id.parse().expect("an id"));
    for command in found {
        let words = match command {
            MailCommand::Subscribe(words) => words,
            MailCommand::Unsubscribe(wish) => wish.names,
            _ => continue,
        };
        let Ok(selection) = select(&words, WATCHLIST.get_or_init(watchlist), &sources) else { continue };
        assert!(!selection.companies.is_empty());
        assert!(selection.companies.is_sorted_by(|one, next| one < next), "each once");
    }
});

fn watchlist() -> Watchlist {
    let company = |id: &str, name: &str, alias: &str| Company {
        aliases: vec![Alias::new(alias, AliasKind::Trade)],
        ..Company::new(id.parse().expect("an id"), name)
    };
    let companies = vec![
        company("amber", "Amber Networks Co., Ltd.", "琥珀"),
        company("onyx", "Onyx", "Onyx Mobile"),
        company("onyx-mobile", "Onyx Mobile (Freedonia) Inc.", "Onyx Telecom"),
    ];
    Watchlist::new(companies).expect("a watchlist")
}
