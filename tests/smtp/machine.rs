//! What this machine has, and waiting for what was started on it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::left_out::left_out;

/// Whether the machine has the programs that a test needs.
pub fn have(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| !Path::new(program).exists());
    if let Some(missing) = missing {
        left_out("relays", &format!("{missing} is not installed"));
    }
    missing.is_none()
}

/// Whether the test runs as root, which alone starts a Postfix.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A program that is ended with the test, by its id.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until somebody listens on the port.
pub fn await_listener(port: u16) {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    await_that("somebody listens", || TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok());
}

/// Asks again and again, for two minutes: a Postfix that lost a process rests for one.
pub fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
