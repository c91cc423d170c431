//! Which fields of an entry differ beyond noise.

use std::collections::{BTreeMap, BTreeSet};

use super::DocumentComparison;
use crate::domain::change::FieldChange;
use crate::domain::docket::{self, is_docket_entry};
use crate::domain::entry::{Entry, EntryDate, LINKS, Resemblance};
use crate::domain::fields::FieldName;
use crate::domain::noise::{Noise, NoiseClass};

impl DocumentComparison<'_> {
    /// The fields that differ beyond noise, then the entry's address; its title and date only where
    /// nothing else differs, since most often they repeat a field.
    pub(super) fn changed_fields(&self, before: &Entry, after: &Entry) -> Vec<FieldChange> {
        if before.fields == after.fields
            && before.url == after.url
            && before.title == after.title
            && before.date == after.date
        {
            return Vec::new();
        }
        let names: BTreeSet<&FieldName> = before.fields.keys().chain(after.fields.keys()).collect();
        // A docket repeats its caption and its parties in every entry: comparing them would tell one
        // party's new name as often as there are entries.
        let of_a_docket = is_docket_entry(before) && is_docket_entry(after);
        let mut changed: Vec<FieldChange> = names
            .into_iter()
            .filter(|name| !self.noise.fields.contains(name.as_str()))
            .filter(|name| !(of_a_docket && docket::is_of_the_case(name)))
            .filter(|name| !self.is_same_field(name, before, after))
            .map(|name| FieldChange {
                name: name.to_string(),
                before: before.fields.get(name).cloned(),
                after: after.fields.get(name).cloned(),
            })
            .collect();
        if !changed.iter().any(|field| field.name == LINKS) {
            let (old, new) = (before.url.as_deref(), after.url.as_deref());
            if !self.is_same_place(old, new)
                && !changed.iter().any(|field| tells_address(field, before, after))
            {
                changed.extend(self.frame_change("url", before.url.clone(), after.url.clone()));
            }
        }
        if changed.is_empty() && !of_a_docket && !self.is_same_title(before, after) {
            changed.extend(self.frame_change("title", Some(before.title.clone()), Some(after.title.clone())));
        }
        // A feed is dated anew whenever it is made anew; a list's date is one of its fields.
        let has_own_date = !matches!(self.resemblance, Resemblance::Item | Resemblance::Title);
        if changed.is_empty() && has_own_date && !is_same_date(before.date, after.date) {
            let text = |entry: &Entry| entry.date.map(|date| date.to_string());
            changed.extend(self.frame_change("date", text(before), text(after)));
        }
        changed
    }

    fn is_list(&self) -> bool {
        self.resemblance == Resemblance::Title
    }

    fn is_same_field(&self, name: &str, before: &Entry, after: &Entry) -> bool {
        let text = |entry: &Entry| entry.fields.get(name).cloned().unwrap_or_default();
        let (old, new) = (text(before), text(after));
        if old == new {
            return true;
        }
        let is_name = || old == before.title && new == after.title;
        match name {
            LINKS => self.is_same_links(&old, &new),
            _ if self.is_list() && is_name() => self.noise.is_same_name(&old, &new),
            _ if self.is_list() => self.noise.is_same_cell(&old, &new),
            _ => self.noise.is_same(&old, &new),
        }
    }

    fn is_same_title(&self, before: &Entry, after: &Entry) -> bool {
        let (old, new) = (&before.title, &after.title);
        if self.is_list() { self.noise.is_same_name(old, new) } else { self.noise.is_same(old, new) }
    }

    fn frame_change(&self, name: &str, before: Option<String>, after: Option<String>) -> Option<FieldChange> {
        (!self.noise.fields.contains(name)).then(|| FieldChange { name: name.to_owned(), before, after })
    }

    fn is_same_place(&self, before: Option<&str>, after: Option<&str>) -> bool {
        match (before, after) {
            (Some(before), Some(after)) => {
                self.noise.is_same_url(before, after)
                    || match (self.relative(before, self.bases.0), self.relative(after, self.bases.1)) {
                        (Some(before), Some(after)) => before == after,
                        _ => false,
                    }
            }
            (before, after) => before == after,
        }
    }

    /// An address as the page wrote it, where it stands below what addresses of the page are relative to,
    /// and that has moved: then all such addresses moved with it.
    fn relative(&self, address: &str, base: Option<&str>) -> Option<String> {
        if self.bases.0 == self.bases.1 {
            return None;
        }
        let base = base?;
        let host = base.find("://").map(|at| at + 3)?;
        let root = base[host..].find('/').map_or(base.len(), |at| host + at);
        let folder = base.rfind('/').filter(|at| *at >= root).map_or(base.len(), |at| at + 1);
        let (sort, rest) = match address.strip_prefix(&base[..folder]) {
            Some(rest) => ("folder", rest),
            None => ("root", address.strip_prefix(&base[..root]).filter(|rest| rest.starts_with('/'))?),
        };
        Some(format!("{sort} {}", self.noise.canonical_url(&format!("https://base.invalid/{rest}"))))
    }

    /// Whether two link lists lead to the same places; order and repetition do not matter.
    fn is_same_links(&self, before: &str, after: &str) -> bool {
        let (old, new) = (self.targets(before), self.targets(after));
        if !self.noise.classes.contains(&NoiseClass::LinkPresence) {
            return old.len() == new.len()
                && old.iter().all(|(label, old)| {
                    new.get(label).is_some_and(|new| {
                        let (gone, come) = self.moved(old, new);
                        gone.is_empty() && come.is_empty()
                    })
                });
        }
        // Under one label a link that goes while another comes has moved.
        old.iter().all(|(label, old)| {
            new.get(label).is_none_or(|new| {
                let (gone, come) = self.moved(old, new);
                gone.is_empty() || come.is_empty()
            })
        })
    }

    /// The addresses that are among the old ones only, and among the new ones only.
    fn moved<'a>(&self, old: &BTreeSet<&'a str>, new: &BTreeSet<&'a str>) -> (Vec<&'a str>, Vec<&'a str>) {
        let normal = |places: &BTreeSet<&str>| -> BTreeSet<String> {
            places.iter().map(|place| self.noise.canonical_url(place)).collect()
        };
        let known = (normal(old), normal(new));
        let left = |places: &BTreeSet<&'a str>, others: &BTreeSet<String>| -> Vec<&'a str> {
            places
                .iter()
                .copied()
                .filter(|place| !others.contains(&self.noise.canonical_url(place)))
                .collect()
        };
        let (mut gone, mut come) = (left(old, &known.1), left(new, &known.0));
        if self.bases.0 != self.bases.1 {
            gone.retain(|place| {
                let partner = come.iter().position(|other| self.is_same_place(Some(place), Some(other)));
                partner.map(|at| come.swap_remove(at)).is_none()
            });
        }
        (gone, come)
    }

    /// Where each label leads. Whose way leads over a counter leads nobody knows where.
    fn targets<'a>(&self, list: &'a str) -> BTreeMap<String, BTreeSet<&'a str>> {
        let mut targets: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for line in list.lines() {
            let (label, address) = line.split_once('\t').unwrap_or(("", line));
            if !Noise::is_counted_click(address) {
                targets.entry(self.noise.canonical(label)).or_default().insert(address);
            }
        }
        targets
    }
}

/// Whether two dates are the same: a moment is one in every zone, and belongs to its day.
fn is_same_date(before: Option<EntryDate>, after: Option<EntryDate>) -> bool {
    match (before, after) {
        (Some(EntryDate::Day(day)), Some(moment @ EntryDate::Moment(_)))
        | (Some(moment @ EntryDate::Moment(_)), Some(EntryDate::Day(day))) => moment.day() == day,
        (before, after) => before == after,
    }
}

/// Whether a field that changed is where the entries have their addresses from.
fn tells_address(field: &FieldChange, before: &Entry, after: &Entry) -> bool {
    let says = |text: Option<&String>, url: Option<&String>| match (text, url) {
        (Some(text), Some(url)) => {
            let path = text.lines().next().unwrap_or_default().trim_start_matches(['.', '/']);
            !path.is_empty() && url.ends_with(path)
        }
        (text, url) => text.is_none() && url.is_none(),
    };
    says(field.before.as_ref(), before.url.as_ref()) && says(field.after.as_ref(), after.url.as_ref())
}
