//! What is said of a company on the command line.

use clap::Args;
use strum::VariantNames as _;

use crate::config::Revision;
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::id::{CategoryId, CompanyId};
use crate::domain::identifier::{Identifier, IdentifierScheme};

/// Names, numbers and relations, for a new company or for one that is there.
#[derive(Debug, Args)]
pub(super) struct CompanyFacts {
    /// Another name; KIND is legal, trade, short, brand, former, native-script or subsidiary
    /// [default kind: trade].
    #[arg(long = "alias", value_name = "[KIND=]NAME")]
    aliases: Vec<TypedName>,
    /// A name that contains one of the company's names but means somebody else.
    #[arg(long, value_name = "NAME")]
    not: Vec<String>,
    /// A number; SCHEME is lei, cik, isin, ticker, uscc, fcc-grantee, docket or other.
    #[arg(long = "identifier", value_name = "SCHEME=VALUE", value_parser = numbered)]
    identifiers: Vec<(IdentifierScheme, String)>,
    /// The company that controls it.
    #[arg(long, value_name = "ID")]
    parent: Option<CompanyId>,
    /// A category that concerns it although it names nobody.
    #[arg(long = "exposed-to", value_name = "ID")]
    exposures: Vec<CategoryId>,
    /// A source about the company: an address or a citation.
    #[arg(long = "source", value_name = "SOURCE")]
    sources: Vec<String>,
    /// The source of the names and numbers given here: an address or a citation.
    #[arg(long, value_name = "SOURCE")]
    cite: Option<String>,
}

/// A name of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TypedName {
    kind: AliasKind,
    name: String,
}

impl From<&str> for TypedName {
    /// A kind that is not one is a part of the name: "Alpha=Beta" may be called so.
    fn from(text: &str) -> Self {
        let kinded = text.split_once('=').and_then(|(kind, name)| Some((kind.parse().ok()?, name)));
        let (kind, name) = kinded.unwrap_or((AliasKind::default(), text));
        Self { kind, name: name.to_owned() }
    }
}

fn numbered(text: &str) -> Result<(IdentifierScheme, String), String> {
    let (scheme, value) = text.split_once('=').ok_or_else(|| "expected SCHEME=VALUE".to_owned())?;
    let expected = || IdentifierScheme::VARIANTS.join(", ");
    let scheme =
        scheme.parse().map_err(|_| format!("found the scheme {scheme:?}, expected one of {}", expected()))?;
    Ok((scheme, value.to_owned()))
}

impl CompanyFacts {
    /// As what a company says beyond its id and name.
    pub(super) fn of(self, id: CompanyId, name: String) -> Company {
        let source = self.cite;
        let alias = |TypedName { kind, name }| Alias { name, kind, source: source.clone() };
        let identifier = |(scheme, value)| Identifier { scheme, value, source: source.clone() };
        Company {
            parent: self.parent,
            exposures: self.exposures,
            not: self.not,
            sources: self.sources,
            aliases: self.aliases.into_iter().map(alias).collect(),
            identifiers: self.identifiers.into_iter().map(identifier).collect(),
            ..Company::new(id, name)
        }
    }
}

/// Everything that a company says is to be added to what is there.
pub(super) fn addition(company: Company) -> Revision {
    Revision {
        parent: company.parent,
        aliases: company.aliases,
        not: company.not,
        identifiers: company.identifiers,
        exposures: company.exposures,
        sources: company.sources,
        ..Revision::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_stands_before_a_name_and_other_words_are_part_of_it() {
        let named = |kind, name: &str| TypedName { kind, name: name.to_owned() };
        assert_eq!(TypedName::from("short=ZTE"), named(AliasKind::Short, "ZTE"));
        assert_eq!(TypedName::from("Alpha=Beta"), named(AliasKind::Trade, "Alpha=Beta"));
        assert_eq!(numbered("isin=X"), Ok((IdentifierScheme::Isin, "X".to_owned())));
        assert!(numbered("X").is_err() && numbered("isbn=X").unwrap_err().contains("lei, cik"));
    }
}
