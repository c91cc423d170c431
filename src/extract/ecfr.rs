//! The Code of Federal Regulations as it is in force: <https://www.ecfr.gov>.
//!
//! Two answers make a document. The first is the list of titles, a few kilobytes that say when each
//! was last amended; that is the source's own word for its state. The second is one part of a title
//! as it stood that day, megabytes of XML, asked for only when the first says that it may be another.
//!
//! A part becomes its sections and appendices, or the rows of the lists in one appendix: the Entity
//! List (15 CFR 744, supplement 4), the Unverified List (6), the Military End-User List (7).

mod listed;
mod name;
mod part;
pub(super) mod rules;

use serde::Deserialize;

use super::entity;
use super::following::{WantedAnswer, address};
use super::xml::{self, unexpected};
use super::{RawDocument, charset, json};
use crate::domain::bundle::BundlePart;
use crate::domain::entry::{Completeness, Document, Resemblance};
use crate::domain::source::EcfrSettings;
use crate::domain::verdict::Unreadable;

use part::Division;

/// The part of the document that holds the regulations.
const REGULATIONS: &str = "regulations";

pub(super) fn extract(settings: &EcfrSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let parts = page.parts()?;
    let Some(regulations) = parts.iter().find(|part| !is_json(part)) else {
        return Err(Unreadable::Missing { what: format!("the XML of part {}", settings.part) });
    };
    let text = charset::decode(&RawDocument::from(regulations));
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = &*entity::resolved(text)?;
    xml::check(text)?;
    let divisions = part::divisions(text, settings)?;
    let Some(appendix) = &settings.appendix else {
        let entries = divisions.into_iter().map(Division::into_entry).collect();
        return Ok(Document::new(entries, Completeness::Whole, Resemblance::Text));
    };
    let Some(division) = divisions.first() else {
        return Err(Unreadable::Missing { what: format!("{appendix:?} in part {}", settings.part) });
    };
    Ok(Document::new(listed::entries(division)?, Completeness::Whole, Resemblance::Title))
}

/// The part as it stood when its title was last amended, at an address beside that of the titles.
pub(super) fn wanted(
    settings: &EcfrSettings,
    parts: &[BundlePart<'_>],
) -> Result<Option<WantedAnswer>, Unreadable> {
    let [titles] = parts else { return Ok(None) };
    if !is_json(titles) {
        // The source's own address is that of a part on some day.
        return Ok(None);
    }
    let Some(day) = Titles::of(titles)?.title(settings.title)?.latest_amended_on else {
        return Err(Unreadable::Missing { what: format!("the day title {} was amended", settings.title) });
    };
    let day: chrono::NaiveDate =
        day.parse().map_err(|_| unexpected("the day of the last amendment", &format!("{day:?}")))?;
    let at = format!("full/{day}/title-{}.xml?part={}", settings.title, settings.part);
    Ok(Some(WantedAnswer { name: REGULATIONS.to_owned(), url: address(titles, &at)? }))
}

/// When the title was last amended and published; nothing while the titles are being rebuilt.
pub(super) fn signal(settings: &EcfrSettings, first: &BundlePart<'_>) -> Option<String> {
    let titles = Titles::of(first).ok().filter(|titles| !titles.meta.import_in_progress)?;
    let title = titles.title(settings.title).ok()?;
    let is_settled = !title.processing_in_progress;
    is_settled.then(|| Some([title.latest_amended_on?, title.latest_issue_date?].join("/"))).flatten()
}

fn is_json(part: &BundlePart<'_>) -> bool {
    part.body.trim_ascii_start().first().is_some_and(|&byte| byte == b'{')
}

#[derive(Deserialize)]
struct Titles {
    titles: Vec<Title>,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    import_in_progress: bool,
}

#[derive(Deserialize)]
struct Title {
    number: u32,
    latest_amended_on: Option<String>,
    latest_issue_date: Option<String>,
    #[serde(default)]
    processing_in_progress: bool,
}

impl Titles {
    fn of(part: &BundlePart<'_>) -> Result<Self, Unreadable> {
        json::parse(&RawDocument::from(part))
    }

    fn title(self, number: u32) -> Result<Title, Unreadable> {
        let title = self.titles.into_iter().find(|title| title.number == number);
        title.ok_or_else(|| Unreadable::Missing { what: format!("title {number} among the titles") })
    }
}

#[cfg(test)]
mod tests;
