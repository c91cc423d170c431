//! The machine loses power at any moment: what was acknowledged is on the disk.
//!
//! The writer works in an ext4 file system inside an image file, mounted as anybody mounts one. It
//! is halted, the image is copied as it lies at that moment, and the copy is mounted: what the
//! system still held in memory for the disk is not in it. ext4 writes out by itself every five
//! seconds and later, so that what nobody forced out is truly missing.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use regwatch::config::StoreSettings;
use regwatch::store::Store;

use crate::numbered::{Acknowledgements, Expected, verify};
use crate::process::Writer;

/// Databases one after the other, so that the image does not fill.
const DATABASES: u64 = 5;

/// Cuts while a database is written, and while it is opened again after its process was killed.
const CUTS_A_DATABASE: u64 = 13;

/// The image's size; it is sparse.
const IMAGE_BYTES: u64 = 160 << 20;

/// Bodies read again after each cut, of each source; all of them after the last cut of a database.
const NEWEST: u64 = 12;

fn run(program: &str, arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Result<(), String> {
    let done =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    let words = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    if done.status.success() { Ok(()) } else { Err(format!("{program}: {}: {words}", done.status)) }
}

/// A mounted image; unmounted with the test. The system frees the loop device with it.
struct Mount {
    image: PathBuf,
    point: PathBuf,
}

impl Mount {
    fn of(image: &Path, point: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(point).map_err(|error| error.to_string())?;
        run("mount", &[&"-o", &"loop", &image, &point])?;
        Ok(Self { image: image.to_owned(), point: point.to_owned() })
    }

    /// How many writes the disk has taken and whether it is writing, as the kernel counts them.
    fn disk_writes(&self) -> String {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        let point = self.point.to_str().unwrap();
        let is_ours = |line: &&str| line.split(' ').nth(1) == Some(point);
        let device = mounts.lines().find(is_ours).unwrap().split(' ').next().unwrap();
        let counts =
            std::fs::read_to_string(format!("/sys/block/{}/stat", &device["/dev/".len()..])).unwrap();
        counts
            .split_whitespace()
            .enumerate()
            .filter(|(field, _)| [4, 8].contains(field))
            .map(|(_, n)| n)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Copies the image as it lies at one moment: again, where the system wrote to it meanwhile.
    fn copy_to(&self, copy: &Path) {
        loop {
            let before = self.disk_writes();
            run("cp", &[&"--sparse=always", &self.image, &copy]).unwrap();
            if self.disk_writes() == before && before.ends_with(" 0") {
                return;
            }
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if run("umount", &[&self.point]).is_err() {
            // Something of a failed test is still open; the mount goes when that ends.
            let _ = run("umount", &[&"-l", &self.point]);
        }
    }
}

/// A machine whose power can be cut.
struct Machine {
    disk: Mount,
    /// Dropped after the mount.
    state: tempfile::TempDir,
}

impl Machine {
    /// Without the right to mount, or without the programs, there is none; in CI that is a failure.
    fn new() -> Option<Self> {
        match Self::try_new() {
            Ok(machine) => Some(machine),
            Err(reason) => {
                let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
                assert!(!in_ci, "power cuts cannot be tried, and CI must not leave them out: {reason}");
                eprintln!(
                    "left out: power cuts, which need root, loop devices, mkfs.ext4 (e2fsprogs) and mount: {reason}"
                );
                None
            }
        }
    }

    fn try_new() -> Result<Self, String> {
        // In memory where there is such a folder: the copies are made of it.
        let memory = Path::new("/dev/shm");
        let state = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let state = state.map_err(|error| error.to_string())?;
        let image = state.path().join("disk");
        let made = std::fs::File::create(&image).and_then(|file| file.set_len(IMAGE_BYTES));
        made.map_err(|error| error.to_string())?;
        run("mkfs.ext4", &[&"-q", &"-F", &image])?;
        let disk = Mount::of(&image, &state.path().join("mnt"))?;
        Ok(Self { disk, state })
    }

    /// What the disk would hold had the power gone now.
    fn cut(&self) -> Mount {
        let copy = self.state.path().join("copy");
        self.disk.copy_to(&copy);
        Mount::of(&copy, &self.state.path().join("after")).unwrap()
    }
}

#[test]
fn a_power_cut_takes_what_was_not_forced_to_the_disk() {
    let Some(machine) = Machine::new() else { return };
    let write = |name: &str, is_forced: bool| {
        let mut file = std::fs::File::create(machine.disk.point.join(name)).unwrap();
        file.write_all(&vec![7; 30_000]).unwrap();
        if is_forced {
            file.sync_all().unwrap();
        }
    };
    write("forced", true);
    write("not-forced", false);
    let size =
        |mount: &Mount, name: &str| std::fs::metadata(mount.point.join(name)).map_or(0, |file| file.len());
    assert_eq!(size(&machine.disk, "not-forced"), 30_000, "whoever looks before the cut sees it");
    let after = machine.cut();
    assert_eq!(size(&after, "forced"), 30_000);
    assert_eq!(size(&after, "not-forced"), 0);
}

#[tokio::test]
async fn power_cuts_take_nothing_that_was_acknowledged() {
    let Some(machine) = Machine::new() else { return };
    let (mut cuts, mut kept) = (0, 0);
    for database in 0..DATABASES {
        let folder = machine.disk.point.join(format!("state-{database}")).join("db");
        let mut acknowledged = Acknowledgements::new();
        let mut expected = Expected::default();
        let mut writer = Writer::start(&folder);
        for cut in 0..CUTS_A_DATABASE {
            if cut % 5 == 4 {
                // This one comes while the database is opened after a kill, or soon after.
                writer.kill(&mut acknowledged);
                writer = Writer::start(&folder);
            } else {
                writer.await_lines(1 + (database * 131 + cut * 61) % 300, &mut acknowledged);
            }
            writer.stop();
            let after = machine.cut();
            writer.drain(&mut acknowledged);
            let newest = if cut + 1 == CUTS_A_DATABASE { u64::MAX / 2 } else { NEWEST };
            check(&after, database, &acknowledged, &mut expected, newest).await;
            writer.go_on();
            cuts += 1;
        }
        writer.kill(&mut acknowledged);
        kept += acknowledged.values().map(|noted| noted.kept).sum::<u64>();
        std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    }
    println!("power cuts: {cuts}, acknowledged commits verified: {kept}, lost: 0");
    assert!(kept > cuts, "the writer hardly wrote");
}

/// Opens what a cut left and looks for all that was acknowledged before it.
async fn check(
    after: &Mount,
    database: u64,
    acknowledged: &Acknowledgements,
    expected: &mut Expected,
    newest: u64,
) {
    let path = after.point.join(format!("state-{database}")).join("db");
    let store = Store::open(&StoreSettings::Sled { path }).unwrap();
    let verified = verify(&store, acknowledged, expected, newest).await;
    store.close().await.unwrap();
    if let Err(fault) = verified {
        panic!("database {database}: {fault}");
    }
}
