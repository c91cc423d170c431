//! XML that goes on: an element or an attribute near its root counts more than is there, or leads on.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{next_page, partial};
use crate::domain::bundle::BundlePart;
use crate::domain::source::XmlSettings;
use crate::domain::text::counted;
use crate::domain::verdict::Unreadable;
use crate::extract::following::{self, WantedAnswer};
use crate::extract::list::xml as list;
use crate::extract::xml::unexpected;
use crate::extract::{RawDocument, charset};

/// Names under which it counts what there is in all.
const TOTAL_NAMES: [&str; 10] = [
    "total",
    "totalcount",
    "totalrecords",
    "totalresults",
    "totalitems",
    "recordcount",
    "recordscount",
    "numberofrecords",
    "numfound",
    "resultcount",
];
/// Names under which it says where it goes on.
const NEXT_NAMES: [&str; 4] = ["next", "nextpage", "nextlink", "nexturl"];

/// So deep below the root what is said of the whole list stands.
const MAX_DEPTH: usize = 3;

/// What stands near the root.
#[derive(Default)]
struct Near {
    totals: Vec<(String, usize)>,
    next: Option<String>,
    /// How often the most frequent element comes.
    most: usize,
}

/// The next page of XML.
///
/// # Errors
/// Where it says that there is more, and not where.
pub(super) fn next(
    settings: &XmlSettings,
    parts: &[BundlePart<'_>],
) -> Result<Option<WantedAnswer>, Unreadable> {
    let Some(last) = parts.last() else { return Ok(None) };
    let text = charset::decode(&RawDocument::from(last)).into_owned();
    // What is no such document is for its extractor to refuse.
    let Ok(near) = near(&text) else { return Ok(None) };
    if let Some(next) = near.next {
        return next_page(parts, following::address(last, &next)?);
    }
    let Some((_, most)) = near.totals.iter().max_by_key(|(_, total)| *total) else { return Ok(None) };
    if *most <= near.most {
        return Ok(None);
    }
    let mut rows = 0;
    for part in parts {
        rows += list::count(settings, &RawDocument::from(part))?;
    }
    let larger = near.totals.iter().find(|(_, total)| *total > rows.max(near.most));
    larger.map_or(Ok(None), |(name, total)| {
        Err(partial(&format!("{name}: {total}, with {}", counted(rows, "entry", "entries"))))
    })
}

/// What a document says by which it is a part of a longer list, in words.
pub(in crate::extract) fn says_more_in(text: &str) -> Option<String> {
    let near = near(text).ok()?;
    if let Some(next) = near.next {
        return Some(format!("it names a next page, {next}"));
    }
    let (name, total) = near.totals.into_iter().find(|(_, total)| *total > near.most)?;
    Some(format!("it says {name} {total} and holds {}", near.most))
}

fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn near(text: &str) -> Result<Near, Unreadable> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut near = Near::default();
    let mut counts: HashMap<(usize, String), usize> = HashMap::new();
    let (mut depth, mut said) = (0_usize, None::<(String, String)>);
    loop {
        match reader.read_event().map_err(|error| unexpected("the XML", &error))? {
            Event::Start(tag) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    said = None;
                    continue;
                }
                let name = folded(tag.local_name().as_ref());
                let mut is_next_link = false;
                let mut target = None;
                for found in tag.attributes().with_checks(false).flatten() {
                    let key = folded(found.key.local_name().as_ref());
                    let value: &str = &found.value;
                    is_next_link |= key == "rel" && value.split_ascii_whitespace().any(|word| word == "next");
                    if key == "href" {
                        target = Some(value.replace("&amp;", "&"));
                    }
                    // Of an entry that counts something the attribute says nothing of the list.
                    if depth < MAX_DEPTH {
                        near.take(&key, value);
                    }
                }
                if name == "link" && is_next_link && near.next.is_none() {
                    near.next = target;
                }
                let count = counts.entry((depth, name.clone())).or_default();
                *count += 1;
                near.most = near.most.max(*count);
                said = Some((name, String::new()));
            }
            Event::Text(text) => {
                if let Some((_, words)) = &mut said {
                    words.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                if let Some((_, words)) = &mut said {
                    words.push_str(&crate::extract::xml::resolved(&reference));
                }
            }
            Event::End(_) => {
                if let Some((name, words)) = said.take().filter(|_| depth <= MAX_DEPTH) {
                    near.take(&name, &words);
                }
                depth = depth.saturating_sub(1);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    // What comes with every entry is said of that one.
    near.totals.retain(|(name, _)| {
        (1..=MAX_DEPTH).all(|depth| counts.get(&(depth, name.clone())).is_none_or(|count| *count == 1))
    });
    Ok(near)
}

impl Near {
    fn take(&mut self, name: &str, words: &str) {
        let words = words.trim();
        if TOTAL_NAMES.contains(&name)
            && self.totals.len() < 64
            && let Ok(total) = words.replace(',', "").parse()
        {
            self.totals.push((name.to_owned(), total));
        }
        let is_address = words.contains("://") || words.starts_with(['/', '?']);
        if NEXT_NAMES.contains(&name) && is_address && self.next.is_none() {
            self.next = Some(words.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(body: &str) -> Result<Option<String>, String> {
        let settings = XmlSettings { entries: vec!["list/entry".to_owned()], ..XmlSettings::default() };
        let url = "https://a.test/list.xml".parse().unwrap();
        let part = BundlePart { name: "first".to_owned(), url, content_type: None, body: body.as_bytes() };
        let wanted = next(&settings, &[part]).map_err(|error| error.to_string())?;
        Ok(wanted.map(|wanted| wanted.url.to_string()))
    }

    #[test]
    fn a_count_larger_than_the_entries_is_refused() {
        for part in [
            "<list total='3'><entry/><entry/></list>",
            "<list><head><recordCount>1,003</recordCount></head><entry/><entry/></list>",
            "<list><Number_of_Records>3</Number_of_Records><entry/></list>",
        ] {
            assert!(wanted(part).is_err_and(|error| error.contains("a part of it")), "{part}");
            assert!(says_more_in(part).is_some());
        }
        for whole in [
            "<list total='2'><entry/><entry/></list>",
            "<list total='3'><entry/><other/><other/><other/></list>",
            "<list><entry><total>57</total></entry><entry><total>5</total></entry></list>",
            "<list><entry total='57'/><entry/></list>".replace(" total='57'", "").as_str(),
            "<list version='9'><entry/></list>",
        ] {
            assert_eq!(wanted(whole), Ok(None), "{whole}");
        }
    }

    #[test]
    fn a_next_page_is_wanted_where_it_is_named() {
        let next = Ok(Some("https://a.test/list.xml?a=1&page=2".to_owned()));
        assert_eq!(wanted("<list><link rel='next' href='?a=1&amp;page=2'/><entry/></list>"), next);
        assert_eq!(wanted("<list><next>https://a.test/list.xml?a=1&amp;page=2</next><entry/></list>"), next);
        assert_eq!(wanted("<list><link rel='self' href='?a=1'/><entry/></list>"), Ok(None));
        assert_eq!(wanted("<list><next>2027-01-01</next><entry/></list>"), Ok(None));
    }
}
