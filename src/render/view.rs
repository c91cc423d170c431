//! Small texts that several mails have in common, already inert.

use super::flow::{Indent, wrap};
use super::notice::{Notice, Told};
use super::when::{day, day_of};
use crate::domain::matching::Watchlist;
use crate::domain::subscription::Subscription;
use crate::domain::text::{one_line, shorten};
use chrono_tz::Tz;

/// What an operator says of a source's gaps is one line.
const MAX_MISSED_CHARS: usize = 300;

/// A line of a list in plain text.
pub(super) fn item(text: &str) -> String {
    wrap(text, Indent { first: "  * ", rest: "    " })
}

/// A list in plain text.
pub(super) fn items(lines: &[String]) -> String {
    lines.iter().map(|line| item(line)).collect::<Vec<_>>().join("\n")
}

/// The lines of a postal address, blank ones left out.
pub(super) fn postal_lines(address: Option<&str>) -> Vec<String> {
    address.unwrap_or_default().lines().map(one_line).filter(|line| !line.is_empty()).collect()
}

/// By what right a mail's reader is told, each subscription once.
pub(super) fn reasons(notice: &Notice) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for subscription in notice.told.iter().flat_map(|told| &told.followed) {
        let reason = reason(subscription, notice.watchlist, notice.zone);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

/// What never appears in the sources of a mail: each once, in the order in which they are told.
pub(super) fn misses(notice: &Notice) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for Told { change, .. } in &notice.told {
        let Some(missed) = notice.words_of(change).and_then(|words| words.misses.as_deref()) else {
            continue;
        };
        let line = missed_on(&change.source_title, missed);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// What never appears in a source, after its name.
pub(super) fn missed_on(source_title: &str, missed: &str) -> String {
    format!("{}: {}", shorten(&one_line(source_title), 80), shorten(&one_line(missed), MAX_MISSED_CHARS))
}

fn reason(subscription: &Subscription, watchlist: &Watchlist, zone: Tz) -> String {
    let since = subscription.confirmed_at.unwrap_or(subscription.requested_at);
    let since = day(day_of(since, zone));
    let by = match subscription.channel.as_str() {
        "operator" => "entered by the operator".to_owned(),
        "mail" | "email" => "confirmed by mail".to_owned(),
        "web" => "confirmed on the web".to_owned(),
        channel => format!("by {}", shorten(&one_line(channel), 40)),
    };
    let name = super::answer::name(&subscription.company, watchlist);
    format!("{name} since {since} ({by})")
}
