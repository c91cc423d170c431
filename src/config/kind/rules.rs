//! The keys of rules and what leads to them.

use crate::config::list;
use crate::config::node::{AllowedKeys, ConfigNode, ConfigTable};
use crate::config::value;
use crate::domain::source::{
    EcfrSettings, EcfsSettings, FederalRegisterSettings, NoticeSettings, RulesSettings, SourceKind,
};

pub(super) const FEDERAL_REGISTER: AllowedKeys =
    AllowedKeys { heading: "federal-register", names: &["pages", "inspection"] };

pub(super) const ECFR: AllowedKeys =
    AllowedKeys { heading: "ecfr", names: &["cfr_title", "cfr_part", "appendix"] };

pub(super) const REGISTER_NOTICE: AllowedKeys =
    AllowedKeys { heading: "register-notice", names: &["notice", "unless", "after", "before"] };

pub(super) const REGISTER_RULES: AllowedKeys =
    AllowedKeys { heading: "register-rules", names: &["rules", "unless", "documents"] };

pub(super) const ECFS: AllowedKeys = AllowedKeys { heading: "ecfs", names: &["pages"] };

/// The code has so many titles.
const TITLES: u32 = 50;

/// Few pages unless asked for: the newest documents are on the first.
const DEFAULT_PAGES: usize = 5;

/// The Federal Register gives no more, and nobody reads further.
const MAX_PAGES: u32 = 50;

fn pages(table: &ConfigTable<'_>) -> Option<usize> {
    table.or("pages", DEFAULT_PAGES, |node| node.number(1..=MAX_PAGES).map(|number| number as usize))
}

pub(super) fn federal_register(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let pages = pages(table);
    let inspection = table.optional("inspection", |node| node.parse(value::page_url));
    Some(SourceKind::FederalRegister(FederalRegisterSettings { pages: pages?, inspection: inspection.ok()? }))
}

pub(super) fn ecfr(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let title = table.require("cfr_title", "the number of a title").and_then(|node| node.number(1..=TITLES));
    let part =
        table.require("cfr_part", "the number of a part such as \"744\"").and_then(|node| node.parse(part));
    let appendix = table.optional("appendix", |node| node.line().map(str::to_owned));
    Some(SourceKind::Ecfr(EcfrSettings { title: title?, part: part?, appendix: appendix.ok()? }))
}

fn part(text: &str) -> Result<String, String> {
    let is_part = text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_part
        .then(|| text.to_owned())
        .ok_or_else(|| format!("found {text:?}, expected the number of a part such as \"744\""))
}

pub(super) fn ecfs(table: &ConfigTable<'_>) -> Option<SourceKind> {
    Some(SourceKind::Ecfs(EcfsSettings { pages: pages(table)? }))
}

pub(super) fn register_notice(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let line = |node: ConfigNode<'_>| node.line().map(str::to_owned);
    let notice = table.require("notice", "words of the notice's title").and_then(line);
    let after = table.require("after", "the words behind which the list begins").and_then(line);
    let words = |name| table.or(name, Vec::new(), |node| list::lines(&node.items("words of a text")?));
    let (unless, before) = (words("unless"), words("before"));
    let settings = NoticeSettings { notice: notice?, unless: unless?, after: after?, before: before? };
    Some(SourceKind::RegisterNotice(settings))
}

/// So many rules of a list are published in some months.
const DEFAULT_RULES: usize = 5;

/// Each of them is an answer of its own.
const MAX_RULES: u32 = 30;

pub(super) fn register_rules(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let rules = table.require("rules", "words of the rules' titles");
    let rules = rules.and_then(|node| node.line().map(str::to_owned));
    let unless = table.or("unless", Vec::new(), |node| list::lines(&node.items("words of a title")?));
    let documents =
        table.or("documents", DEFAULT_RULES, |node| node.number(1..=MAX_RULES).map(|number| number as usize));
    let settings = RulesSettings { rules: rules?, unless: unless?, documents: documents? };
    Some(SourceKind::RegisterRules(settings))
}
