//! The flush that this program puts in the place of sled's.

use crate::fixture::Home;

/// Opening counts: it refuses with `NotDurable` where its first flush did not go through our own
/// `sync_file_range`. That it succeeds here shows that the linker preferred ours in a binary that
/// only uses the library, as the program does. That a flush which is not ours is refused cannot be
/// shown in a binary that holds ours; that ours does what it must is shown by `power_cut`.
#[test]
fn opening_finds_that_its_flush_reaches_the_disk() {
    Home::new().open();
}
