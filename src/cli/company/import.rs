//! `regwatch company import`: companies from others.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::change::{in_force, tell, write};
use super::export::FormatName;
use super::facts::addition;
use crate::cli::Context;
use crate::config::Edit;
use crate::control::InForce;
use crate::domain::company::Company;
use crate::domain::id::CompanyId;
use crate::domain::text::one_line;
use crate::exchange::{Format, IncomingCompany, LineFault, TrackedCompanies};

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// The file; `-` for standard input.
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// The file's format [default: csv for a name that ends in .csv, ftm otherwise].
    #[arg(long, value_enum)]
    format: Option<FormatName>,
    /// What to do with a company that is already tracked; asked on a terminal, required elsewhere.
    #[arg(long, value_enum, value_name = "WHAT")]
    on_duplicate: Option<OnDuplicate>,
    /// Leave out faulty facts instead of refusing the whole file.
    #[arg(long)]
    skip_faulty: bool,
    /// The file for new companies, relative to the main file's folder [default: companies/ and the name of FILE].
    #[arg(long = "into", value_name = "FILE")]
    into: Option<PathBuf>,
    /// Show what would happen to every company, but write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What becomes of a company that is tracked already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnDuplicate {
    /// Leave it as it is.
    Skip,
    /// Add the names, numbers and sources that it lacks.
    Merge,
}

/// What becomes of a company that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ImportFate {
    Added,
    Merged,
    Skipped,
}

impl ImportFate {
    fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Merged => "merged",
            Self::Skipped => "skipped",
        }
    }
}

/// Everything that is to be done, and what cannot be.
#[derive(Default)]
struct ImportPlan {
    /// Each company with its fate; a merged one is called by the id it is merged into.
    companies: Vec<(ImportFate, Company)>,
    faults: Vec<LineFault>,
}

pub(super) async fn run(import: Import, context: &Context) -> anyhow::Result<()> {
    let parsed = format_of(&import).parse(&text_of(&import.from)?);
    let (mut edit, config) = Edit::begin(&context.config)?;
    let mut plan = ImportPlan { faults: parsed.faults, ..ImportPlan::default() };
    plan.decide(parsed.companies, TrackedCompanies::of(&config.companies), import.on_duplicate)?;
    plan.refuse_faults(&import)?;
    let file = import.into.clone().unwrap_or_else(|| default_file(&import.from));
    for (fate, company) in &plan.companies {
        match fate {
            ImportFate::Added => edit.add(company, Some(&file))?,
            ImportFate::Merged => edit.revise(&company.id, &addition(company.clone()))?,
            ImportFate::Skipped => {}
        }
    }
    if import.dry_run {
        edit.check()?;
        return plan.show(None, &[], context);
    }
    let (written, config) = write(edit)?;
    let in_force = in_force(config.clone(), context).await?;
    plan.show(in_force.as_ref(), &written, context)?;
    if context.output.json { Ok(()) } else { tell(&written, in_force.as_ref(), &config, context) }
}

fn format_of(import: &Import) -> Format {
    let is_csv = import.from.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    import.format.unwrap_or(if is_csv { FormatName::Csv } else { FormatName::Ftm }).into()
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        return io::read_to_string(io::stdin()).context("cannot read standard input");
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn default_file(from: &Path) -> PathBuf {
    let name = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.split('.').next().filter(|stem| !stem.is_empty() && *stem != "-").unwrap_or("imported");
    PathBuf::from(format!("companies/{stem}.toml"))
}

impl ImportPlan {
    /// Says of each company what becomes of it.
    fn decide(
        &mut self,
        incoming: Vec<IncomingCompany>,
        mut known: TrackedCompanies,
        on_duplicate: Option<OnDuplicate>,
    ) -> anyhow::Result<()> {
        // Companies that go by another id here, to which the parents of others are led.
        let mut called: BTreeMap<CompanyId, CompanyId> = BTreeMap::new();
        let coming: BTreeSet<CompanyId> =
            incoming.iter().map(|incoming| incoming.company.id.clone()).collect();
        for IncomingCompany { line, mut company } in incoming {
            let is_there = |parent: &CompanyId| coming.contains(parent) || known.get(parent).is_some();
            if let Some(parent) = company.parent.take_if(|parent| !is_there(parent)) {
                let message =
                    format!("company {} is controlled by {parent}, which is not tracked", company.id);
                self.faults.push(LineFault { line, message });
            }
            let twins: Vec<CompanyId> = known.twins(&company).into_iter().collect();
            match twins.as_slice() {
                [] => {
                    known.add(company.clone());
                    self.companies.push((ImportFate::Added, company));
                }
                [twin] => {
                    called.insert(company.id.clone(), twin.clone());
                    match on_duplicate.map_or_else(|| ask(&company, twin), |what| Ok(Some(what)))? {
                        Some(OnDuplicate::Skip) => self.companies.push((ImportFate::Skipped, company)),
                        Some(OnDuplicate::Merge) => {
                            self.companies
                                .extend(known.merge(twin, company).map(|more| (ImportFate::Merged, more)));
                        }
                        None => self.faults.push(LineFault { line, message: duplicate(&company, twin) }),
                    }
                }
                several => {
                    let ids: Vec<&str> = several.iter().map(CompanyId::as_str).collect();
                    let message = format!(
                        "company {} has names of several tracked companies: {}; expected names of one",
                        company.id,
                        ids.join(", ")
                    );
                    self.faults.push(LineFault { line, message });
                }
            }
        }
        for (_, company) in &mut self.companies {
            company.parent =
                company.parent.take().map(|parent| called.get(&parent).cloned().unwrap_or(parent));
            company.parent.take_if(|parent| *parent == company.id);
        }
        Ok(())
    }

    /// Fails where something cannot be taken, unless it may be left out. Every fault is told.
    fn refuse_faults(&self, import: &Import) -> anyhow::Result<()> {
        let told: String =
            self.faults.iter().map(|fault| format!("\n{}:{fault}", import.from.display())).collect();
        match self.faults.len() {
            0 => Ok(()),
            _ if import.skip_faulty => Ok(writeln!(io::stderr(), "left out:{told}")?),
            1 => anyhow::bail!("1 error; nothing was imported{told}"),
            many => anyhow::bail!("{many} errors; nothing was imported{told}"),
        }
    }

    fn show(&self, in_force: Option<&InForce>, written: &[PathBuf], context: &Context) -> anyhow::Result<()> {
        if context.output.json {
            let of = |fate: ImportFate| -> Vec<&CompanyId> {
                let meant = self.companies.iter().filter(|(other, _)| *other == fate);
                meant.map(|(_, company)| &company.id).collect()
            };
            return context.output.object(&serde_json::json!({
                "added": of(ImportFate::Added),
                "merged": of(ImportFate::Merged),
                "skipped": of(ImportFate::Skipped),
                "left_out": self.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "written": written,
                "in_force": in_force,
            }));
        }
        let rows = self.companies.iter().map(|(fate, company)| {
            let names = company.names().count().to_string();
            [company.id.to_string(), fate.word().to_owned(), company.name.clone(), names]
        });
        context.output.table(["COMPANY", "FATE", "NAME", "NAMES"], rows)
    }
}

fn duplicate(company: &Company, twin: &CompanyId) -> String {
    format!("company {} is already tracked as {twin}; give --on-duplicate skip or merge", company.id)
}

/// Asks the person at the terminal; `None` if there is none.
fn ask(company: &Company, twin: &CompanyId) -> anyhow::Result<Option<OnDuplicate>> {
    let (input, mut output) = (io::stdin(), io::stderr());
    if !input.is_terminal() || !output.is_terminal() {
        return Ok(None);
    }
    loop {
        write!(output, "{} is already tracked as {twin}: [s]kip or [m]erge? ", one_line(&company.name))?;
        output.flush()?;
        let mut answer = String::new();
        if input.lock().read_line(&mut answer)? == 0 {
            return Ok(None);
        }
        match answer.trim() {
            "s" | "skip" => return Ok(Some(OnDuplicate::Skip)),
            "m" | "merge" => return Ok(Some(OnDuplicate::Merge)),
            _ => {}
        }
    }
}
