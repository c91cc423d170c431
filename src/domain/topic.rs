//! What a reader follows: a company, or a source as such, whomever that names.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::{CompanyId, InvalidId, SourceId};

/// Stands before the id of a source that is followed as such: no company's id can begin so.
const SOURCE: &str = "source:";

/// What a reader follows. As text it is a company's id, or `source:` and a source's; topics are in the order of their
/// texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Topic {
    /// A company, wherever it is named.
    Company(CompanyId),
    /// A source, whomever it names.
    Source(SourceId),
}

impl Topic {
    /// The company; `None` of a source.
    #[must_use]
    pub fn company(&self) -> Option<&CompanyId> {
        match self {
            Self::Company(company) => Some(company),
            Self::Source(_) => None,
        }
    }

    /// The source that is followed as such; `None` of a company.
    #[must_use]
    pub fn source(&self) -> Option<&SourceId> {
        match self {
            Self::Company(_) => None,
            Self::Source(source) => Some(source),
        }
    }

    /// As text.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Company(company) => Cow::Borrowed(company.as_str()),
            Self::Source(source) => Cow::Owned(format!("{SOURCE}{source}")),
        }
    }
}

impl Ord for Topic {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(&other.text())
    }
}

impl PartialOrd for Topic {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl From<CompanyId> for Topic {
    fn from(company: CompanyId) -> Self {
        Self::Company(company)
    }
}

impl From<&CompanyId> for Topic {
    fn from(company: &CompanyId) -> Self {
        Self::Company(company.clone())
    }
}

impl From<&SourceId> for Topic {
    fn from(source: &SourceId) -> Self {
        Self::Source(source.clone())
    }
}

impl FromStr for Topic {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.strip_prefix(SOURCE) {
            Some(source) => source.parse().map(Self::Source),
            None => text.parse().map(Self::Company),
        }
    }
}

impl TryFrom<String> for Topic {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.text().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_its_text() {
        for text in ["zte", "source:fcc-covered-list"] {
            let topic: Topic = text.parse().unwrap();
            assert_eq!(topic.to_string(), text);
            assert_eq!(serde_json::to_value(&topic).unwrap(), text);
            assert_eq!(serde_json::from_value::<Topic>(text.into()).unwrap(), topic);
            assert_eq!(topic.company().is_none(), topic.source().is_some());
        }
        for text in ["", "source:", "Source:a", "source:source:a", "source:A", "a b"] {
            assert!(text.parse::<Topic>().is_err(), "{text:?}");
        }
        assert!("source:a".parse::<CompanyId>().is_err(), "no company is a source");
    }

    #[test]
    fn topics_are_in_the_order_of_their_texts() {
        let mut topics = ["zte", "source:b", "dahua", "source:a"].map(|text| text.parse::<Topic>().unwrap());
        topics.sort();
        assert_eq!(topics.map(|topic| topic.to_string()), ["dahua", "source:a", "source:b", "zte"]);
    }
}
