//! Lists that are no tables: `ul`, `ol`, `dl`, and blocks that repeat.
//!
//! Proposed only where they are most of what the page says: a list in the midst of prose is read with it.

use std::collections::BTreeMap;

use scraper::ElementRef;
use toml::Value;

use super::{MIN_ROWS, PROSE, lines};
use crate::domain::text::one_line;
use crate::extract::html::{self, Markup};

/// So many lists, and so many blocks, of a page are looked at.
const MAX_LOOKED_AT: usize = 2_000;

/// Where no list of entries stands.
const ELSEWHERE: [&str; 7] = ["nav", "header", "footer", "aside", "table", "template", "form"];

/// The settings that could read the page's lists.
pub(super) fn of(markup: &Markup) -> Vec<String> {
    let Some((place, body)) = PROSE.iter().find_map(|css| {
        let selector = html::selector(css).ok()?;
        markup.tree.select(&selector).next().map(|body| (*css, body))
    }) else {
        return Vec::new();
    };
    let all = said(body);
    let mut found = Vec::new();
    for tag in ["ul", "ol", "dl"] {
        found.extend(lists(body, place, tag, all));
    }
    found.extend(blocks(body, place, all));
    found
}

/// How much an element says.
fn said(element: ElementRef<'_>) -> usize {
    html::text(element).len()
}

fn find<'a>(body: ElementRef<'a>, css: &str) -> Vec<ElementRef<'a>> {
    let Ok(selector) = html::selector(css) else { return Vec::new() };
    body.select(&selector).take(MAX_LOOKED_AT).collect()
}

/// Whether an element stands among what the page says.
fn is_content(element: ElementRef<'_>, body: ElementRef<'_>) -> bool {
    let outer = element.ancestors().take_while(|outer| outer.id() != body.id()).filter_map(ElementRef::wrap);
    outer.into_iter().all(|outer| !ELSEWHERE.contains(&outer.value().name()))
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && !name.ends_with(|c: char| c.is_ascii_digit())
}

fn lists(body: ElementRef<'_>, place: &str, tag: &str, all: usize) -> Option<String> {
    let is_outermost = |list: &ElementRef<'_>| {
        !list
            .ancestors()
            .filter_map(ElementRef::wrap)
            .any(|outer| matches!(outer.value().name(), "li" | "dd"))
    };
    let every = find(body, tag);
    let lists: Vec<ElementRef<'_>> =
        every.iter().copied().filter(|list| is_outermost(list) && is_content(*list, body)).collect();
    if lists.iter().map(|list| said(*list)).sum::<usize>() * 2 < all {
        return None;
    }
    let class = lists.first()?.value().classes().find(|class| is_plain(class));
    let has_class = |class: &str| lists.iter().all(|list| list.value().classes().any(|own| own == class));
    // The other lists of the page are menus, unless there are none.
    let selector = match class.filter(|class| has_class(class)) {
        Some(class) => format!("{place} {tag}.{class}"),
        None if every.len() == lists.len() || place != "body" => format!("{place} {tag}"),
        None => return None,
    };
    let items: Vec<ElementRef<'_>> =
        if tag == "dl" { find(body, "dt") } else { find(body, &format!("{tag} > li")) };
    let items: Vec<ElementRef<'_>> = items.into_iter().filter(|item| is_content(*item, body)).collect();
    if items.len() < MIN_ROWS {
        return None;
    }
    let mut pairs: Vec<(&str, Value)> = vec![("kind", "html-list".into()), ("selector", selector.into())];
    if tag == "dl" {
        pairs.push(("fields", table(&[("name", "dt"), ("text", "dd")])));
        pairs.push(("key", vec!["name"].into()));
        pairs.push(("optional", vec!["text"].into()));
    } else if let Some(name) = ["strong", "b"].into_iter().find(|name| begin_with(&items, name)) {
        pairs.push(("fields", table(&[("name", name)])));
        pairs.push(("key", vec!["name"].into()));
    } else {
        pairs.push(("key", vec!["text"].into()));
    }
    Some(lines(&pairs))
}

fn table(fields: &[(&str, &str)]) -> Value {
    let fields: BTreeMap<&str, &str> = fields.iter().copied().collect();
    Value::Table(fields.into_iter().map(|(field, place)| (field.to_owned(), place.into())).collect())
}

/// Whether each item begins with one such element and says more than it.
fn begin_with(items: &[ElementRef<'_>], name: &str) -> bool {
    items.iter().all(|item| {
        let found = find(*item, name);
        let own = found.first().map(|found| one_line(&html::text(*found))).unwrap_or_default();
        found.len() == 1 && !own.is_empty() && one_line(&html::text(*item)).starts_with(&own)
    })
}

/// Blocks of one name and class that stand side by side, each with a heading of its own.
fn blocks(body: ElementRef<'_>, place: &str, all: usize) -> Option<String> {
    let mut families: BTreeMap<String, Vec<ElementRef<'_>>> = BTreeMap::new();
    for block in find(body, "article, div[class], li[class], section[class]") {
        let name = block.value().name();
        let class = block.value().classes().find(|class| is_plain(class));
        let css = match class {
            Some(class) => format!("{place} {name}.{class}"),
            None if name == "article" => format!("{place} article"),
            None => continue,
        };
        if is_content(block, body) {
            families.entry(css).or_default().push(block);
        }
    }
    let headed = |blocks: &[ElementRef<'_>], heading: &str| {
        blocks.iter().all(|block| find(*block, heading).len() == 1)
    };
    for (selector, blocks) in families.into_iter().filter(|(_, blocks)| blocks.len() >= MIN_ROWS) {
        let share: usize = blocks.iter().map(|block| said(*block)).sum();
        let heading = ["h2", "h3", "h4", "h5"].into_iter().find(|heading| headed(&blocks, heading));
        // More than all there is: they stand one within another.
        if let Some(heading) = heading.filter(|_| share * 2 >= all && share <= all) {
            let dated = ["time", ".date"].into_iter().find(|date| headed(&blocks, date));
            let leads = blocks.iter().all(|block| !find(*block, &format!("{heading} a[href]")).is_empty());
            let link = format!("{heading} a@href");
            let mut fields = vec![("title", heading)];
            fields.extend(dated.map(|date| ("date", date)));
            fields.extend(leads.then_some(("page", link.as_str())));
            let mut pairs: Vec<(&str, Value)> =
                vec![("kind", "html-list".into()), ("selector", selector.into()), ("fields", table(&fields))];
            pairs.push(("key", vec!["title"].into()));
            pairs.extend(dated.map(|_| ("row_date", "date".into())));
            pairs.extend(leads.then(|| ("row_link", "page".into())));
            return Some(lines(&pairs));
        }
    }
    None
}
