//! `regwatch doctor`: whether the installation is set up well.

use std::sync::Arc;

use super::Context;
use super::exit::Exit;
use super::output::wrapped;
use super::progress::WaitingSign;
use crate::clock::SystemClock;
use crate::doctor::examine;
use crate::domain::text::one_line;

pub(super) async fn run(context: &Context) -> anyhow::Result<Exit> {
    let waiting = WaitingSign::begin("checking the installation; this takes up to a minute");
    let examination = Box::pin(examine(&context.config, Arc::new(SystemClock))).await;
    waiting.end();
    let output = context.output;
    if output.json {
        output.object(&examination)?;
    } else if examination.findings.is_empty() {
        for line in wrapped(&format!("all is well: {}", examination.examined.join(", ")), "  ") {
            output.line(line)?;
        }
    } else {
        for finding in &examination.findings {
            for line in wrapped(&format!("{}: {}", finding.area, one_line(&finding.what)), "  ") {
                output.line(line)?;
            }
            for line in wrapped(&format!("    fix: {}", finding.fix), "         ") {
                output.line(line)?;
            }
        }
    }
    Ok(if examination.findings.is_empty() { Exit::Done } else { Exit::Attention })
}
