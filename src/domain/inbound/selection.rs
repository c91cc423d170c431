//! Who and what is meant by the words behind `subscribe`: companies, and what of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::company::Company;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{Filter, Preference};
use crate::domain::topic::Topic;

/// What somebody wants to follow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// What is to be followed, each once, in the order of their ids.
    #[serde(rename = "companies")]
    pub topics: Vec<Topic>,
    /// What of them.
    pub only: Filter,
    /// How mail is to come, where that was said along with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Preference>,
}

/// Words that name nothing or more than one thing. They are not kept: what a stranger wrote is
/// never sent to anybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unresolved {
    /// The companies that were likely meant, the likeliest first.
    pub nearest: Vec<Topic>,
    /// Whether it names what nobody tracks.
    pub is_untracked: bool,
}

/// Parts the companies from what is wanted of them.
const ONLY: &str = " only ";

/// More companies than this are an operator's business.
const MAX_COMPANIES: usize = 50;

/// So many likely companies are named.
const MAX_NEAREST: usize = 5;

/// Of so many names that nobody bears is looked for what was meant: each is compared with every name there is.
const MAX_GUESSED: usize = 5;

/// Below this likeness (Jaro-Winkler) a name is not what was meant.
const NEAR: f64 = 0.8;

/// Before a name they say that a source is meant as such: "follow docket 25-1234".
const SOURCE_WORDS: [&str; 2] = ["source", "docket"];

/// Shorter words of a title name no source.
const MIN_TITLE_LETTERS: usize = 4;

/// Finds out what `words` mean: names of companies parted by commas or blanks, sources behind the word `source` or
/// `docket`, and after `only` kinds of changes, kinds of docket entries and sources.
///
/// # Errors
/// The companies that may have been meant, where some word names none.
pub fn select(words: &str, watchlist: &Watchlist, sources: &[SourceId]) -> Result<Selection, Unresolved> {
    // A blank before makes "only" at the beginning findable; it then names no company.
    let padded = format!(" {words} ");
    let at = padded.to_ascii_lowercase().find(ONLY);
    let (names, wishes) = at.map_or((padded.as_str(), ""), |at| (&padded[..at], &padded[at + ONLY.len()..]));
    let topics = topics(names, watchlist)?;
    let only = filter(wishes, sources).ok_or_else(Unresolved::default)?;
    Ok(Selection { topics, only, ways: Vec::new() })
}

/// The companies and sources that `names` name, each once.
///
/// # Errors
/// As [`select`].
pub fn topics(names: &str, watchlist: &Watchlist) -> Result<Vec<Topic>, Unresolved> {
    let parts: Vec<&str> =
        names.split([',', ';', '，', '、', '\n']).map(bare).filter(|name| !name.is_empty()).collect();
    let mut known = FoldedNames::of(watchlist);
    let (mut found, mut unresolved) = (Vec::new(), None::<Unresolved>);
    for part in parts {
        if let Some(words) = of_a_source(part) {
            match source(words, watchlist) {
                Ok(source) => found.push(source),
                Err(unknown) => unresolved.get_or_insert_default().add(unknown),
            }
            continue;
        }
        // "hikvision zte" is two names, "China Mobile" one: the whole is tried first.
        match known.company(part) {
            Ok(company) => found.push(company.into()),
            Err(whole) => {
                for word in part.split_whitespace().map(bare).filter(|word| !is_joint(word)) {
                    match known.company(word) {
                        Ok(company) => found.push(company.into()),
                        Err(single) => unresolved.get_or_insert_default().add(single.or(&whole)),
                    }
                }
            }
        }
    }
    found.sort();
    found.dedup();
    match unresolved {
        Some(unresolved) => Err(Unresolved { is_untracked: true, ..unresolved }),
        None if found.is_empty() || found.len() > MAX_COMPANIES => Err(Unresolved::default()),
        None => Ok(found),
    }
}

/// What stands behind the word that says that a source is meant.
fn of_a_source(part: &str) -> Option<&str> {
    let (first, rest) = part.split_once(char::is_whitespace)?;
    SOURCE_WORDS.contains(&first.to_lowercase().as_str()).then(|| bare(rest))
}

/// Whether a source, by its id and title, is meant.
type SourceRule<'a> = &'a dyn Fn(&SourceId, &str) -> bool;

/// The one source that words mean: by its id, by its title, by a word of its id or by a part of its title, whichever
/// comes first.
fn source(words: &str, watchlist: &Watchlist) -> Result<Topic, Unresolved> {
    let (small, wanted) = (words.to_lowercase(), folded(words));
    let is_part =
        |title: &str| wanted.chars().count() >= MIN_TITLE_LETTERS && folded(title).contains(&wanted);
    let rules: [SourceRule<'_>; 4] = [
        &|id, _| id.as_str() == small || folded(id.as_str()) == wanted,
        &|_, title| folded(title) == wanted,
        &|id, _| is_of(id, &small),
        &|_, title| is_part(title),
    ];
    for is_meant in rules {
        let mut meant = watchlist.sources().iter().filter(|(id, title)| is_meant(id, title));
        let first: Vec<Topic> = meant.by_ref().take(MAX_NEAREST).map(|(id, _)| id.into()).collect();
        match first.as_slice() {
            [] => {}
            [one] => return Ok(one.clone()),
            _ => return Err(Unresolved { nearest: first, is_untracked: false }),
        }
    }
    Err(Unresolved::default())
}

impl Unresolved {
    fn or(self, other: &Self) -> Self {
        if self.nearest.is_empty() { other.clone() } else { self }
    }

    fn add(&mut self, other: Self) {
        let new = other.nearest.into_iter().filter(|id| !self.nearest.contains(id)).collect::<Vec<_>>();
        self.nearest.extend(new);
        self.nearest.truncate(MAX_NEAREST);
    }
}

fn bare(name: &str) -> &str {
    name.trim().trim_matches(['"', '“', '”', '\'', '<', '>', '.']).trim()
}

fn is_joint(word: &str) -> bool {
    word.is_empty() || matches!(word.to_lowercase().as_str(), "and" | "&" | "+" | "to" | "和")
}

/// Every name that companies bear, folded, and who bears it.
struct FoldedNames<'a> {
    bearers: BTreeMap<String, Vec<&'a CompanyId>>,
    guesses_left: usize,
}

impl<'a> FoldedNames<'a> {
    fn of(watchlist: &'a Watchlist) -> Self {
        let mut bearers: BTreeMap<String, Vec<&CompanyId>> = BTreeMap::new();
        for company in watchlist.companies() {
            for name in names_of(company) {
                let known = bearers.entry(name).or_default();
                if known.last() != Some(&&company.id) {
                    known.push(&company.id);
                }
            }
        }
        Self { bearers, guesses_left: MAX_GUESSED }
    }

    /// The one company that a name names, capitals and punctuation aside.
    fn company(&mut self, name: &str) -> Result<CompanyId, Unresolved> {
        let wanted = folded(name);
        match self.bearers.get(&wanted).map(Vec::as_slice) {
            Some([company]) => Ok((*company).clone()),
            Some(several) => {
                let nearest = several.iter().take(MAX_NEAREST).map(|&company| company.into()).collect();
                Err(Unresolved { nearest, is_untracked: false })
            }
            None => Err(self.nearest(&wanted)),
        }
    }

    fn nearest(&mut self, wanted: &str) -> Unresolved {
        let Some(left) = self.guesses_left.checked_sub(1) else { return Unresolved::default() };
        self.guesses_left = left;
        let near = self.bearers.iter().filter_map(|(name, bearers)| {
            let likeness = strsim::jaro_winkler(name, wanted);
            (likeness >= NEAR).then_some((likeness, bearers))
        });
        let mut near: Vec<(f64, &CompanyId)> = near
            .flat_map(|(likeness, bearers)| bearers.iter().map(move |&company| (likeness, company)))
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let mut nearest: Vec<Topic> = Vec::new();
        for topic in near.into_iter().map(|(_, company)| Topic::from(company)) {
            if nearest.len() < MAX_NEAREST && !nearest.contains(&topic) {
                nearest.push(topic);
            }
        }
        Unresolved { nearest, is_untracked: false }
    }
}

fn names_of(company: &Company) -> impl Iterator<Item = String> {
    let own = [company.id.as_str(), company.name.as_str()];
    own.into_iter().chain(company.aliases.iter().map(|alias| alias.name.as_str())).map(folded)
}

fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `removals`, `orders`, `fcc`; nothing where some word is none of them.
fn filter(wishes: &str, sources: &[SourceId]) -> Option<Filter> {
    let mut filter = Filter::default();
    for word in wishes.split([',', ';', ' ', '\t']).map(bare).filter(|word| !is_joint(word)) {
        let word = word.to_lowercase();
        if !filter.take_kind(&word) {
            let meant: Vec<&SourceId> = sources.iter().filter(|id| is_of(id, &word)).collect();
            if meant.is_empty() {
                return None;
            }
            filter.sources.extend(meant.into_iter().cloned());
        }
    }
    Some(filter)
}

/// Whether a source is meant by its id or by a word of it: `fcc` means `fcc-covered-list`.
fn is_of(source: &SourceId, word: &str) -> bool {
    source.as_str() == word || source.as_str().split('-').any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::ChangeKind;
    use crate::domain::company::{Alias, AliasKind};

    fn watchlist() -> Watchlist {
        let company = |id: &str, name: &str, alias: &str| Company {
            aliases: vec![Alias::new(alias, AliasKind::Trade)],
            ..Company::new(id.parse().unwrap(), name)
        };
        Watchlist::new(vec![
            company("hikvision", "Hangzhou Hikvision Digital Technology Co., Ltd.", "海康威视"),
            company("zte", "ZTE Corporation", "ZTE"),
            company("china-mobile", "China Mobile International (USA) Inc.", "China Mobile"),
        ])
        .unwrap()
    }

    fn sources() -> Vec<SourceId> {
        ["fcc-covered-list", "fcc-orders", "court-cadc"].map(|id| id.parse().unwrap()).to_vec()
    }

    #[test]
    fn a_source_is_named_behind_a_word_that_says_so() {
        let titles = [
            ("fcc-covered-list", "Covered List"),
            ("fcc-orders", "Orders"),
            ("court-25-1234", "Docket 25-1234: Basalt v. Agency"),
        ];
        let watchlist =
            watchlist().watching(titles.map(|(id, title)| (id.parse().unwrap(), title.to_owned())));
        let of = |words: &str| {
            let found = select(words, &watchlist, &sources());
            found.map(|found| found.topics.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        for (words, expected) in [
            ("source fcc-covered-list", "source:fcc-covered-list"),
            ("Source Covered List", "source:fcc-covered-list"),
            ("docket 25-1234", "source:court-25-1234"),
            ("docket basalt", "source:court-25-1234"),
            ("zte, source orders", "source:fcc-orders zte"),
        ] {
            assert_eq!(of(words).as_deref(), Ok(expected), "{words}");
        }
        let several = of("source fcc").unwrap_err();
        assert_eq!(several.nearest.len(), 2, "{several:?}");
        for unknown in ["source nothing", "docket 99", "source", "docket v."] {
            assert!(of(unknown).is_err(), "{unknown}");
        }
    }

    #[track_caller]
    fn check(words: &str, expected: &[&str]) {
        let found = select(words, &watchlist(), &sources()).unwrap();
        let ids: Vec<String> = found.topics.iter().map(ToString::to_string).collect();
        assert_eq!(ids, expected);
        assert_eq!(found.only, Filter::default());
    }

    #[test]
    fn companies_are_named_by_id_name_or_alias() {
        check("hikvision", &["hikvision"]);
        check("\"ZTE\" and Hikvision", &["hikvision", "zte"]);
        check("China Mobile", &["china-mobile"]);
        check("china mobile, zte", &["china-mobile", "zte"]);
        check("china-mobile zte zte", &["china-mobile", "zte"]);
        check("海康威视、ZTE", &["hikvision", "zte"]);
        check("Hangzhou Hikvision Digital Technology Co. Ltd.", &["hikvision"]);
    }

    #[test]
    fn unknown_names_bring_the_nearest_and_nothing_of_what_was_written() {
        let nearest = |words: &str| select(words, &watchlist(), &sources()).unwrap_err().nearest;
        assert_eq!(nearest("hikvison"), ["hikvision".parse().unwrap()]);
        assert_eq!(nearest("zte hikvison"), ["hikvision".parse().unwrap()]);
        assert_eq!(nearest("http://evil.test"), []);
        assert_eq!(nearest(" , "), []);
    }

    #[test]
    fn what_was_meant_is_guessed_for_a_few_names_only() {
        let watchlist = watchlist();
        let mut names = FoldedNames::of(&watchlist);
        for _ in 0..MAX_GUESSED {
            assert_eq!(names.company("hikvison").unwrap_err().nearest.len(), 1);
        }
        assert_eq!(names.company("hikvison"), Err(Unresolved::default()));
        assert!(names.company("hikvision").is_ok(), "a name that somebody bears is found without a guess");
    }

    #[test]
    fn a_subscription_may_be_to_some_changes_only() {
        let of = |words: &str| select(words, &watchlist(), &sources()).map(|selection| selection.only);
        let only = of("hikvision only removals").unwrap();
        assert_eq!(only.changes, [ChangeKind::Removed].into());
        let only = of("hikvision, zte ONLY fcc, orders").unwrap();
        assert_eq!(only.entries, ["order".to_owned()].into());
        assert_eq!(only.sources.len(), 2, "fcc means both of its sources");
        assert!(of("hikvision only nonsense").is_err());
        assert!(of("only removals").is_err());
    }
}
