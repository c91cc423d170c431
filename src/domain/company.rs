//! Tracked companies and the names by which pages speak of them.

use serde::{Deserialize, Serialize};

use super::id::CompanyId;

/// What sort of name an alias is; it decides how strictly it is matched and how it is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
}

/// A company people want to hear about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// The operator's handle for it.
    pub id: CompanyId,
    /// Its full name; matched as an alias of kind [`AliasKind::Legal`].
    pub name: String,
    /// Every other name.
    pub aliases: Vec<Alias>,
    /// Names that contain an alias and mean somebody else.
    pub not: Vec<String>,
}

impl Company {
    /// The name a reader knows the company by: its first trade name, else its full name.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.aliases
            .iter()
            .find(|alias| matches!(alias.kind, AliasKind::Trade | AliasKind::Short))
            .map_or(self.name.as_str(), |alias| alias.name.as_str())
    }
}
