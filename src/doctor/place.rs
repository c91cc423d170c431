//! This machine: permissions, the disk, the daemon, the store and its backups.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use chrono::{Duration, Utc};

use super::DoctorFinding;
use crate::app::Backend;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::{ClientError, ProgressReporter, command};
use crate::domain::text::error_chain;
use crate::settings::StoreSettings;

/// An older backup is as good as none.
const BACKUP_WITHIN: Duration = Duration::days(7);

/// A store with a longer log takes too long to be looked at record by record.
const VERIFIED_UP_TO: u64 = 128 << 20;

pub(super) async fn findings(config: &Config, clock: &Arc<dyn Clock>) -> Vec<DoctorFinding> {
    let StoreSettings::Sled { path } = &config.store else { return of_server(config).await };
    let mut findings = permissions(path);
    findings.extend(disk(path, config.store_rules.low_disk_bytes as u64));
    match Backend::of_daemon(config).await {
        Ok(Some(client)) => {
            let progress = ProgressReporter::unheard();
            match client.execute(command::LastBackup {}, &progress).await {
                Ok(backup) => findings.extend(of_backup(backup.map(|backup| backup.at), clock.now())),
                Err(error) => findings.push(of_daemon(&error)),
            }
        }
        Ok(None) => findings.extend(of_store(config, path, clock).await),
        Err(error) => findings.push(of_daemon(&error)),
    }
    findings
}

/// The database server of a store, while no daemon runs. Its disk and its backups are its own. A database that was never
/// used is no finding.
async fn of_server(config: &Config) -> Vec<DoctorFinding> {
    match Backend::of_daemon(config).await {
        Ok(Some(_)) => return Vec::new(),
        Ok(None) => {}
        Err(error) => return vec![of_daemon(&error)],
    }
    let fix = "check store.url, the server and `regwatch store migrate`";
    let settings = config.store.clone();
    match tokio::task::spawn_blocking(move || crate::store::check(&settings)).await {
        Ok(Ok(findings)) => findings.into_iter().map(|what| DoctorFinding::new("store", what, fix)).collect(),
        Ok(Err(crate::store::StoreError::NoneYet { .. })) => Vec::new(),
        Ok(Err(error)) => vec![DoctorFinding::new("store", error_chain(&error), fix)],
        Err(error) => vec![DoctorFinding::new("store", error_chain(&error), fix)],
    }
}

fn of_daemon(error: &ClientError) -> DoctorFinding {
    DoctorFinding::new(
        "daemon",
        error_chain(error),
        "systemctl restart regwatch, with the program that is installed now",
    )
}

/// Whether others may read the state, and whether it can be written.
fn permissions(path: &Path) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    let mode = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode());
    if mode(path).is_some_and(|mode| mode & 0o077 != 0) {
        findings.push(DoctorFinding::new(
            "permissions",
            format!(
                "users other than its owner may enter {}, which has the addresses of subscribers",
                path.display()
            ),
            format!("chmod 700 {}", path.display()),
        ));
    }
    let existing = path.ancestors().find(|folder| folder.is_dir());
    if let Some(folder) = existing
        && let Err(error) = tempfile::tempfile_in(folder)
    {
        findings.push(DoctorFinding::new(
            "permissions",
            format!("{} cannot be written ({error})", folder.display()),
            "run this as the service's user, or give that user the folder",
        ));
    }
    findings
}

fn disk(path: &Path, low_bytes: u64) -> Option<DoctorFinding> {
    let folder = path.ancestors().find(|folder| folder.is_dir())?;
    let free = fs2::available_space(folder).ok()?;
    (free < low_bytes).then(|| {
        DoctorFinding::new(
            "disk",
            format!(
                "the disk of {1} has {0} MiB left, less than store.low_disk",
                free >> 20,
                folder.display()
            ),
            "free space, or run `regwatch store compact` while the daemon is stopped",
        )
    })
}

/// How much room the files of a folder take; what cannot be read takes none.
fn bytes_in(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

/// The store while no daemon runs. One that was never used is no finding.
async fn of_store(config: &Config, path: &Path, clock: &Arc<dyn Clock>) -> Vec<DoctorFinding> {
    if crate::store::Store::installation_beside(&config.store).is_none() && !path.exists() {
        return Vec::new();
    }
    let (settings, is_looked_at) = (config.store.clone(), bytes_in(path) <= VERIFIED_UP_TO);
    let verified = tokio::task::spawn_blocking(move || is_looked_at.then(|| crate::store::verify(&settings)));
    let fix = "regwatch store verify shows all damage, and regwatch store repair what can be repaired";
    let mut findings = Vec::new();
    match verified.await {
        Ok(Some(Ok(verified))) => {
            findings
                .extend(verified.findings.iter().map(|what| DoctorFinding::new("store", what.clone(), fix)));
            let records = verified.records.len();
            if records > 0 {
                findings.push(DoctorFinding::new("store", format!("{records} records are unreadable"), fix));
            }
        }
        Ok(Some(Err(error))) => {
            findings.push(DoctorFinding::new(
                "store",
                error_chain(&error),
                "stop the process that has it, or wait for it",
            ));
        }
        Ok(None) => {}
        Err(error) => findings.push(DoctorFinding::new("store", error_chain(&error), fix)),
    }
    if !findings.is_empty() {
        return findings;
    }
    match Backend::open(config.clone(), Arc::clone(clock)).await {
        Ok(door) => {
            let progress = ProgressReporter::unheard();
            match door.execute(command::LastBackup {}, progress).await {
                Ok(backup) => findings.extend(of_backup(backup.map(|backup| backup.at), clock.now())),
                Err(error) => findings.push(DoctorFinding::new("store", format!("{error:#}"), fix)),
            }
        }
        Err(error) => findings.push(DoctorFinding::new("store", format!("{error:#}"), fix)),
    }
    findings
}

fn of_backup(at: Option<chrono::DateTime<Utc>>, now: chrono::DateTime<Utc>) -> Option<DoctorFinding> {
    let fix = "regwatch store backup FILE, each night by a timer, and copy the file to another machine";
    match at {
        None => Some(DoctorFinding::new("backup", "there is no backup of the store", fix)),
        Some(at) if now - at > BACKUP_WITHIN => Some(DoctorFinding::new(
            "backup",
            format!("the last backup is {} days old", (now - at).num_days()),
            fix,
        )),
        Some(_) => None,
    }
}
