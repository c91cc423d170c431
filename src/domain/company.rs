//! Tracked companies and the names by which pages speak of them.

use serde::{Deserialize, Serialize};

use super::id::{CategoryId, CompanyId};
use super::identifier::Identifier;
use super::reference::too_common;

/// What sort of name an alias is; it decides how strictly it is matched and how it is explained.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum AliasKind {
    /// A full registered name.
    Legal,
    /// A name in everyday use.
    #[default]
    Trade,
    /// A few letters that are also other things: matched only as written, capitals included.
    Short,
    /// A product line or a reseller's label.
    Brand,
    /// A name the company no longer bears.
    Former,
    /// A name in the company's own script.
    NativeScript,
    /// A company it controls.
    Subsidiary,
    /// A number or code of a register: matched only as written.
    Identifier,
}

impl AliasKind {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The kind in words, for explanations.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Legal => "legal name",
            Self::Trade => "trade name",
            Self::Short => "short name",
            Self::Brand => "brand",
            Self::Former => "former name",
            Self::NativeScript => "native-script name",
            Self::Subsidiary => "subsidiary",
            Self::Identifier => "identifier",
        }
    }

    /// Whether the text must bear the same capitals as the alias.
    #[must_use]
    pub fn is_case_sensitive(self) -> bool {
        matches!(self, Self::Short | Self::Identifier)
    }
}

/// One name of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The name as people write it.
    pub name: String,
    /// What sort of name it is.
    pub kind: AliasKind,
    /// Where it is known from: an address or a citation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Alias {
    /// A name whose source is not cited.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: AliasKind) -> Self {
        Self { name: name.into(), kind, source: None }
    }
}

/// A company people want to hear about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// The operator's handle for it.
    pub id: CompanyId,
    /// Its full name; matched as an alias of kind [`AliasKind::Legal`].
    pub name: String,
    /// The company that controls it, tracked as well: what is told of this one names the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CompanyId>,
    /// Categories that rules cover without naming it.
    #[serde(rename = "exposed_to", default, skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<CategoryId>,
    /// Names that contain an alias and mean somebody else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not: Vec<String>,
    /// Where the company is described: addresses or citations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Every other name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Alias>,
    /// The numbers under which registers have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
}

impl Company {
    /// A company of which no more than its full name is known.
    #[must_use]
    pub fn new(id: CompanyId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            parent: None,
            exposures: Vec::new(),
            not: Vec::new(),
            sources: Vec::new(),
            aliases: Vec::new(),
            identifiers: Vec::new(),
        }
    }

    /// The name a reader knows the company by: its first trade name, else its full name.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.aliases
            .iter()
            .find(|alias| matches!(alias.kind, AliasKind::Trade | AliasKind::Short))
            .map_or(self.name.as_str(), |alias| alias.name.as_str())
    }

    /// Everything by which a text may speak of it: the full name, the aliases, and the identifiers
    /// in every form in which they mean this company alone.
    pub fn names(&self) -> impl Iterator<Item = Alias> {
        let legal = Alias::new(self.name.clone(), AliasKind::Legal);
        let identifiers = self.identifiers.iter().flat_map(|identifier| {
            identifier.spellings().into_iter().map(|name| Alias {
                name,
                kind: AliasKind::Identifier,
                source: identifier.source.clone(),
            })
        });
        std::iter::once(legal).chain(self.aliases.iter().cloned()).chain(identifiers)
    }
}

/// Why a name cannot be looked for, in words; `None` where it can.
///
/// A name that stands in every notice anyway would be found on every page.
#[must_use]
pub fn objection(name: &str, kind: AliasKind) -> Option<String> {
    if name.chars().any(char::is_control) {
        return Some(format!("found {name:?}, expected one line without control characters"));
    }
    if !name.chars().any(char::is_alphanumeric) {
        return Some(format!("found {name:?}, expected a name with at least one letter or digit"));
    }
    let frequency = too_common(name, kind.is_case_sensitive())?;
    Some(format!("found {name:?}, which stands {frequency}, expected a name that means this company alone"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identifier::IdentifierScheme;

    #[test]
    fn a_text_may_speak_of_a_company_by_its_names_and_its_numbers() {
        let mut company = Company::new("hikvision".parse().unwrap(), "Hangzhou Hikvision Digital Technology");
        company.aliases.push(Alias::new("Hikvision", AliasKind::Trade));
        let value = "CNE100000PM8".to_owned();
        company.identifiers.push(Identifier { scheme: IdentifierScheme::Isin, value, source: None });
        let names: Vec<(String, AliasKind)> = company.names().map(|alias| (alias.name, alias.kind)).collect();
        let expected = [
            ("Hangzhou Hikvision Digital Technology", AliasKind::Legal),
            ("Hikvision", AliasKind::Trade),
            ("CNE100000PM8", AliasKind::Identifier),
        ];
        assert_eq!(names, expected.map(|(name, kind)| (name.to_owned(), kind)));
    }
}
