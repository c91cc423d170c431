//! `regwatch company`: who is tracked, and by which names.

use clap::Subcommand;

use super::Context;
use super::exit::Exit;
use super::explain;
use super::screen::Screen;
use crate::app::watchlist;
use crate::domain::company::Company;
use crate::domain::id::CompanyId;

#[derive(Debug, Subcommand)]
pub(super) enum CompanyVerb {
    /// Every tracked company.
    List,
    /// One company with all its names.
    Show {
        /// Its id.
        id: CompanyId,
    },
    /// Tell which companies a text is about, and why.
    ///
    /// Example: regwatch company test "an order against Prama Hikvision India"
    Test {
        /// The text.
        text: String,
    },
}

pub(super) fn run(verb: CompanyVerb, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let screen = context.screen;
    match verb {
        CompanyVerb::List if screen.json => {
            screen.object(&serde_json::json!({ "companies": config.companies }))?;
        }
        CompanyVerb::List => list(&config.companies, screen)?,
        CompanyVerb::Show { id } => {
            let company = config
                .companies
                .iter()
                .find(|company| company.id == id)
                .ok_or_else(|| anyhow::anyhow!("no company {id}; see `regwatch company list`"))?;
            show(company, screen)?;
        }
        CompanyVerb::Test { text } => {
            let watchlist = watchlist(&config)?;
            let matches = watchlist.named("text", &text);
            let resembling = watchlist.resembling("text", &text);
            explain::text(&text, &matches, &resembling, screen)?;
        }
    }
    Ok(Exit::Done)
}

fn list(companies: &[Company], screen: Screen) -> anyhow::Result<()> {
    let rows = companies.iter().map(|company| {
        [company.id.to_string(), company.name.clone(), (company.aliases.len() + 1).to_string()]
    });
    screen.table(["COMPANY", "NAME", "NAMES"], rows)
}

fn show(company: &Company, screen: Screen) -> anyhow::Result<()> {
    if screen.json {
        return screen.object(company);
    }
    screen.line(format!("{}  {}\n", company.id, company.name))?;
    let names = company.aliases.iter().map(|alias| [alias.name.clone(), alias.kind.label().to_owned()]);
    let others = company.not.iter().map(|name| [name.clone(), "somebody else".to_owned()]);
    screen.table(["NAME", "KIND"], names.chain(others))
}
