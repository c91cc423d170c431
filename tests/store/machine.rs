//! A machine whose disk can be looked at, cut off, and filled: an ext4 file system in an image file.
//!
//! Mounted as anybody mounts one, journal and all. It needs root, loop devices, mkfs.ext4 (package
//! e2fsprogs) and mount (package mount).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use regwatch::settings::StoreSettings;
use regwatch::store::Store;

use crate::left_out::left_out;

/// The image's size; it is sparse.
const IMAGE_BYTES: u64 = 160 << 20;

/// The store in a folder.
pub fn open(folder: &Path) -> Store {
    Store::open(&StoreSettings::Sled { path: folder.to_owned() }).unwrap()
}

fn run(program: &str, arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Result<(), String> {
    let done =
        Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    let words = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    if done.status.success() { Ok(()) } else { Err(format!("{program}: {}: {words}", done.status)) }
}

/// A mounted image; unmounted with the test. The system frees the loop device with it.
pub struct Mount {
    image: PathBuf,
    /// Where it is mounted.
    pub point: PathBuf,
}

impl Mount {
    fn of(image: &Path, point: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(point).map_err(|error| error.to_string())?;
        run("mount", &[&"-o", &"loop", &image, &point])?;
        Ok(Self { image: image.to_owned(), point: point.to_owned() })
    }

    /// Where a database of this name lies, in a folder of its own.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.point.join(name).join("db")
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
pub struct Machine {
    /// Its disk.
    pub disk: Mount,
    /// Dropped after the mount.
    state: tempfile::TempDir,
}

impl Machine {
    /// Without the right to mount, or without the programs, there is none; in CI that is a failure.
    pub fn new() -> Option<Self> {
        match Self::try_new() {
            Ok(machine) => Some(machine),
            Err(reason) => {
                left_out("a disk to cut off and to fill", &reason);
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
    pub fn cut(&self) -> Mount {
        let copy = self.state.path().join("copy");
        self.disk.copy_to(&copy);
        Mount::of(&copy, &self.state.path().join("after")).unwrap()
    }

    /// Fills the disk but for so many bytes; gives the file that takes the rest.
    pub fn fill_up_to(&self, free_bytes: u64) -> PathBuf {
        let filler = self.disk.point.join("filler");
        let mut file = std::fs::File::create(&filler).unwrap();
        while file.write_all(&vec![0; 1 << 20]).is_ok() {}
        let taken = file.metadata().unwrap().len();
        file.set_len(taken.saturating_sub(free_bytes)).unwrap();
        file.sync_all().unwrap();
        filler
    }
}
