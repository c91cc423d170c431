//! The tables `[[source]]`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use regex::Regex;

use super::catalogue;
use super::list;
use super::node::{AllowedKeys, ConfigNode, ConfigTable};
use super::{kind, request, section, value};
use crate::domain::guard::Guard;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::noise::{Noise, NoiseClass};
use crate::domain::schedule::CronExpr;
use crate::domain::source::{ListMeaning, Source, SourceKind};
use crate::domain::spelling::{did_you_mean, none_of};

pub(super) const SOURCE: AllowedKeys = AllowedKeys {
    heading: "[[source]]",
    names: &[
        "id",
        "kind",
        "title",
        "url",
        "schedule",
        "timezone",
        "companies",
        "guard",
        "noise",
        "stale_after",
        "quiet_after",
        "headers",
        "proxy",
        "proxy_password_file",
        "robots",
        "render",
        "misses",
        "listing",
        "token_file",
        "token_variable",
        "token_as",
        "max_body",
        "total_timeout",
        "question",
        "link",
        "member",
        "routes",
        "witness",
        "announced_by",
        "quota",
        "observed",
        "groups",
        "off",
        "serves",
    ],
};

pub(super) const GUARD: AllowedKeys = AllowedKeys {
    heading: "guard",
    names: &["min_entries", "max_drop", "confirm_reads", "confirm_drop", "confirm_delay", "max_entries"],
};

pub(super) const LISTING: AllowedKeys =
    AllowedKeys { heading: "listing", names: &["effect", "authority", "deadline"] };

pub(super) const NOISE: AllowedKeys =
    AllowedKeys { heading: "noise", names: &["classes", "patterns", "fields", "parameters"] };

/// The classes of noise as they are written.
const CLASSES: [(&str, NoiseClass); 8] = [
    ("footnote-marks", NoiseClass::FootnoteMarks),
    ("screen-reader", NoiseClass::ScreenReader),
    ("timestamps", NoiseClass::Timestamps),
    ("relative-times", NoiseClass::RelativeTimes),
    ("counters", NoiseClass::Counters),
    ("line-order", NoiseClass::LineOrder),
    ("nonces", NoiseClass::Nonces),
    ("link-presence", NoiseClass::LinkPresence),
];

/// No list that is watched has more entries; a larger minimum would hold back every read.
const MAX_ENTRIES: u32 = 1_000_000;

/// More reads that must agree would delay a removal for no gain.
const MAX_READS: u32 = 100;

/// The working days of a year.
const MAX_QUIET_DAYS: u32 = 250;

const HOUR: Duration = Duration::from_secs(60 * 60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Reads one source; `companies` are the ids that it may name.
pub(super) fn source(table: &ConfigTable<'_>, companies: &BTreeSet<String>, folder: &Path) -> Option<Source> {
    refuse_unknown_keys(table);
    let id = table
        .require("id", "a handle such as \"fcc-covered-list\"")
        .and_then(|node| node.parse(str::parse::<SourceId>));
    let kind = kind::kind(table);
    let title = table.require("title", "what readers call the source").and_then(|node| node.line());
    let url = table.require("url", "the address of the page").and_then(|node| node.parse(value::page_url));
    let schedule = table
        .require("schedule", "a crontab(5) expression such as \"15 */2 * * *\"")
        .and_then(|node| node.parse(str::parse::<CronExpr>));
    let timezone = table.or("timezone", chrono_tz::UTC, |node| node.parse(value::zone));
    let companies = table.or("companies", Vec::new(), |node| bound(node, companies));
    // Where the kind is at fault the others are still looked at, against any kind's defaults.
    let defaults = kind.as_ref().unwrap_or(&SourceKind::Feed);
    let guard = table.or("guard", defaults.default_guard(), |node| guard(node, defaults));
    let noise = table.or("noise", Noise::of(defaults.default_noise()), |node| noise(node, defaults));
    let stale_after = table.optional("stale_after", section::length(HOUR, YEAR));
    let quiet_after = table.optional("quiet_after", |node| node.number(0..=MAX_QUIET_DAYS));
    let request = request::request(table, folder, defaults);
    let misses = table.or("misses", None, |node| Some(Some(node.line()?.to_owned())));
    let catalogue = catalogue::catalogue(table);
    let listing = table.optional("listing", listing);
    Some(Source {
        id: id?,
        title: title?.to_owned(),
        url: url?,
        kind: kind?,
        schedule: schedule?,
        timezone: timezone?,
        companies: companies?,
        guard: guard?,
        noise: noise?,
        request: request?,
        stale_after: stale_after.ok()?,
        quiet_after: quiet_after.ok()?,
        misses: misses?,
        catalogue: catalogue?,
        listing: listing.ok()?,
    })
}

/// What it means to stand on the list.
fn listing(node: &ConfigNode<'_>) -> Option<ListMeaning> {
    let table = node.table(&LISTING)?;
    let line = |node: &ConfigNode<'_>| node.line().map(str::to_owned);
    let effect = table.require("effect", "the legal effect of a listing, in one sentence");
    let effect = effect.and_then(|node| line(&node));
    let authority =
        table.require("authority", "the law that gives it this effect, such as \"15 CFR 744.11\"");
    let authority = authority.and_then(|node| line(&node));
    let deadline = table.optional("deadline", line);
    Some(ListMeaning { effect: effect?, authority: authority?, deadline: deadline.ok()? })
}

fn refuse_unknown_keys(table: &ConfigTable<'_>) {
    // Keys of another kind are refused by `kind`, which can say whose they are.
    let is_unknown = |name: &str| !SOURCE.names.contains(&name) && !kind::is_of_some(name);
    for (key, name, _) in table.pairs_where(is_unknown) {
        let expected = [SOURCE.names, &kind::own_names(table)].concat();
        let hint = did_you_mean(name, SOURCE.names.iter().copied().chain(kind::all_names()));
        key.fault(format_args!("unknown key, expected {}{hint}", expected.join(", ")));
    }
}

fn bound(node: &ConfigNode<'_>, known: &BTreeSet<String>) -> Option<Vec<CompanyId>> {
    list::distinct(&node.items("ids of companies")?, |item| {
        let text = item.text()?;
        if !known.contains(text) {
            let hint = did_you_mean(text, known.iter().map(String::as_str));
            item.fault(format_args!("found {text:?}, expected the id of a [[company]]{hint}"));
            return None;
        }
        text.parse().ok()
    })
}

fn guard(node: &ConfigNode<'_>, kind: &SourceKind) -> Option<Guard> {
    let table = node.table(&GUARD)?;
    let default = kind.default_guard();
    let min_entries = table.or("min_entries", default.min_entries, |node| {
        node.number(0..=MAX_ENTRIES).map(|number| number as usize)
    });
    let max_drop = table.or("max_drop", default.max_drop_percent, |node| node.parse(value::percent));
    let confirm_reads = table.or("confirm_reads", default.confirm_reads, |node| node.number(1..=MAX_READS));
    let confirm_drop = table.or("confirm_drop", default.confirm_drop, |node| node.number(0..=MAX_READS));
    let confirm_delay =
        table.or("confirm_delay", default.confirm_delay, section::length(Duration::ZERO, WEEK));
    let max_entries = table.or("max_entries", default.max_entries, |node| {
        node.number(1..=MAX_ENTRIES).map(|number| number as usize)
    });
    Some(Guard {
        min_entries: min_entries?,
        max_drop_percent: max_drop?,
        confirm_reads: confirm_reads?,
        confirm_drop: confirm_drop?,
        confirm_delay: confirm_delay?,
        max_entries: max_entries?,
    })
}

fn noise(node: &ConfigNode<'_>, kind: &SourceKind) -> Option<Noise> {
    let table = node.table(&NOISE)?;
    let names = |name| table.or(name, BTreeSet::new(), |node| strings(node));
    let classes = table.or("classes", kind.default_noise().into_iter().collect(), |node| {
        Some(list::distinct(&node.items("classes of noise")?, class)?.into_iter().collect())
    });
    let patterns =
        table.or("patterns", Vec::new(), |node| list::parsed(&node.items("regular expressions")?, pattern));
    let (fields, parameters) = (names("fields"), names("parameters"));
    Some(Noise { classes: classes?, patterns: patterns?, fields: fields?, parameters: parameters? })
}

fn class(node: &ConfigNode<'_>) -> Option<NoiseClass> {
    node.parse(|text| {
        let found = CLASSES.iter().find(|(name, _)| *name == text);
        found.map(|(_, class)| *class).ok_or_else(|| none_of(text, &CLASSES.map(|(name, _)| name)))
    })
}

fn pattern(text: &str) -> Result<Regex, String> {
    let expected = "expected a regular expression for the text to ignore";
    let regex = Regex::new(text).map_err(|error| {
        // The crate draws the expression over several lines; the reason is in the last.
        let reason =
            error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("found {text:?} ({reason}), {expected}")
    })?;
    if regex.is_match("") {
        return Err(format!("found {text:?}, which matches where there is nothing, {expected}"));
    }
    Ok(regex)
}

fn strings(node: &ConfigNode<'_>) -> Option<BTreeSet<String>> {
    Some(list::lines(&node.items("names")?)?.into_iter().collect())
}
