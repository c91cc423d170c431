//! `regwatch company reload`: put the files in force, and tell what stands already.

use crate::cli::Context;
use crate::cli::check::{counted, queued, short_name};
use crate::cli::output::{Output, zone};
use crate::config::Config;
use crate::control::{InForce, command};
use crate::domain::company::Company;
use crate::render::for_terminal;

/// Has the daemon put the files into force; without a daemon, matches the stored entries here.
pub(super) async fn put_in_force(config: Config, context: &Context) -> anyhow::Result<InForce> {
    context.ask_with(config, command::Reload {}).await
}

impl InForce {
    /// In words: every notice, then how many there are.
    pub(super) fn show(&self, companies: &[Company], output: Output) -> anyhow::Result<()> {
        for notice in &self.notices {
            output.line(for_terminal(notice, |id| short_name(companies, id), zone(), output.colour))?;
        }
        let tracked = counted(self.companies, "company tracked", "companies tracked");
        let found = match self.notices.len() {
            0 => "no further entries name them".to_owned(),
            many => {
                format!("{} already listed, {}", counted(many, "entry", "entries"), queued(self.mails_queued))
            }
        };
        output.line(format!("{tracked}, {found}"))?;
        if self.needs_restart {
            output.line("other settings differ too and need a restart of the daemon")?;
        }
        Ok(())
    }
}

pub(super) async fn run(context: &Context) -> anyhow::Result<()> {
    let config = context.config()?;
    let companies = config.companies.clone();
    let in_force = put_in_force(config, context).await?;
    if context.output.json {
        return context.output.object(&in_force);
    }
    in_force.show(&companies, context.output)
}
