//! The allocator heeds the options that the program has for it: it looks for them under a name of its own.

use std::process::Command;

#[test]
fn the_allocator_takes_the_options_of_the_program() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_regwatch"));
    let output = program.arg("--version").env("_RJEM_MALLOC_CONF", "stats_print:true").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    for option in
        ["opt.narenas: 1\n", "opt.tcache_max: 4096\n", "opt.dirty_decay_ms: 100 ", "opt.muzzy_decay_ms: 0 "]
    {
        assert!(said.contains(option), "{option:?} is not in {said}");
    }
}
