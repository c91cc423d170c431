//! `regwatch company`: who is tracked, and by which names.

mod change;
mod coverage;
mod export;
mod facts;
mod import;
mod reload;

use clap::Subcommand;
use serde::Serialize;

use self::coverage::CompanyCoverage;
use super::Context;
use super::exit::Exit;
use super::explain;
use super::output::Output;
use crate::app::watchlist;
use crate::domain::company::Company;
use crate::domain::id::CompanyId;
use crate::domain::spelling::did_you_mean;
use crate::domain::text::one_line;

#[derive(Debug, Subcommand)]
pub(super) enum CompanyVerb {
    /// List every tracked company.
    List,
    /// Show a company: its names and numbers with their sources, the lists and dockets that cover it, and the gaps.
    Show {
        /// The company's id.
        id: CompanyId,
    },
    /// Track a company: write it to the files, put it into force, and report where it is already listed.
    ///
    /// Example: regwatch company add dji --name "SZ DJI Technology Co., Ltd." --alias short=DJI
    Add(change::Add),
    /// Change a company in its file; comments and order stay.
    ///
    /// Example: regwatch company edit dji --alias native-script=大疆创新 --without "DJI Technology"
    Edit(change::Change),
    /// Stop tracking a company. Earlier alerts stand.
    Remove {
        /// The company's id.
        id: CompanyId,
    },
    /// Import companies from CSV or FollowTheMoney entities.
    Import(import::Import),
    /// Print every company as CSV or as FollowTheMoney entities.
    Export(export::Export),
    /// Put edited files into force, in a running daemon too, and report where new names are already listed.
    Reload,
    /// Show which companies a text is about, and why.
    ///
    /// Example: regwatch company test "an order against Prama Hikvision India"
    Test {
        /// The text.
        text: String,
    },
}

/// A company by its id.
pub(super) fn company_of<'a>(companies: &'a [Company], id: &CompanyId) -> anyhow::Result<&'a Company> {
    companies.iter().find(|company| company.id == *id).ok_or_else(|| {
        let hint = did_you_mean(id.as_str(), companies.iter().map(|company| company.id.as_str()));
        anyhow::anyhow!("no company {id}{hint}; see `regwatch company list`")
    })
}

pub(super) async fn run(verb: CompanyVerb, context: &Context) -> anyhow::Result<Exit> {
    let output = context.output;
    match verb {
        CompanyVerb::List => list(&context.config()?.companies, output)?,
        CompanyVerb::Show { id } => {
            let companies = context.config()?.companies;
            let company = company_of(&companies, &id)?;
            let coverage = coverage::of(company, context).await?;
            show(company, &coverage, output)?;
        }
        CompanyVerb::Add(add) => change::add(add, context).await?,
        CompanyVerb::Edit(edit) => change::edit(edit, context).await?,
        CompanyVerb::Remove { id } => change::remove(&id, context).await?,
        CompanyVerb::Import(import) => Box::pin(import::run(import, context)).await?,
        CompanyVerb::Export(export) => export::run(&export, context)?,
        CompanyVerb::Reload => reload::run(context).await?,
        CompanyVerb::Test { text } => {
            let watchlist = watchlist(&context.config()?)?;
            let matches = watchlist.named("text", &text);
            let resembling = watchlist.resembling("text", &text);
            explain::text(&text, &matches, &resembling, output)?;
        }
    }
    Ok(Exit::Done)
}

fn list(companies: &[Company], output: Output) -> anyhow::Result<()> {
    if output.json {
        return output.object(&serde_json::json!({ "companies": companies }));
    }
    let rows = companies.iter().map(|company| {
        [company.id.to_string(), company.name.clone(), (company.aliases.len() + 1).to_string()]
    });
    output.table(["COMPANY", "NAME", "NAMES"], rows)
}

/// `company show --json`: the company as ever, and what shows it.
#[derive(Debug, Serialize)]
struct ShownCompany<'a> {
    #[serde(flatten)]
    company: &'a Company,
    coverage: &'a CompanyCoverage,
}

fn show(company: &Company, coverage: &CompanyCoverage, output: Output) -> anyhow::Result<()> {
    if output.json {
        return output.object(&ShownCompany { company, coverage });
    }
    output.line(format!("{}  {}\n", company.id, company.name))?;
    if let Some(parent) = &company.parent {
        output.line(format!("controlled by {parent}"))?;
    }
    for category in &company.exposures {
        output.line(format!("exposed to {category}"))?;
    }
    let row = |name: &str, kind: &str, source: &Option<String>| {
        [name.to_owned(), kind.to_owned(), source.clone().unwrap_or_default()]
    };
    let aliases = company.aliases.iter().map(|alias| row(&alias.name, alias.kind.label(), &alias.source));
    let numbers = company.identifiers.iter().map(|id| row(&id.value, id.scheme.label(), &id.source));
    let others = company.not.iter().map(|name| row(name, "somebody else", &None));
    output.table(["NAME", "KIND", "SOURCE"], aliases.chain(numbers).chain(others))?;
    for source in &company.sources {
        output.line(format!("described at {}", one_line(source)))?;
    }
    coverage.show(output)
}
