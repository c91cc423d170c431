//! The examples of `deploy/web`, as they stand there, in front of the real server: TLS, one click, and a limit
//! that sees who asks.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::left_out::left_out;
use super::web::{Service, link};

/// The name that stands in the examples.
const NAME: &str = "tracker.example";

/// A proxy that ends with the test.
#[derive(Debug)]
struct Proxy {
    child: Child,
    address: SocketAddr,
    certificate: Vec<u8>,
    _folder: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Asked to end rather than killed: it has processes of its own.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn is_there(program: &str, argument: &str) -> bool {
    let ran = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = ran.is_ok_and(|status| status.success());
    if !is_there {
        left_out("the examples of proxies", &format!("{program} is not installed"));
    }
    is_there
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An example with the places of this machine in it; each must stand there.
#[track_caller]
fn example(file: &str, places: &[(&str, String)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/web").join(file);
    let mut text = std::fs::read_to_string(path).unwrap();
    for (there, here) in places {
        assert!(text.contains(there), "{there:?} is not in {file}");
        text = text.replace(there, here);
    }
    text
}

/// A certificate of its own maker, with its key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("fullchain.pem"), folder.join("privkey.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tracker.example"])
        .args([
            "-addext",
            "subjectAltName=DNS:tracker.example",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
        ])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    (certificate, key)
}

impl Proxy {
    /// Starts it and waits until it listens.
    #[track_caller]
    fn start(command: &mut Command, port: u16, certificate: &Path, folder: tempfile::TempDir) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        let certificate = std::fs::read(certificate).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut proxy = Self { child, address, certificate, _folder: folder };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = proxy.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < Duration::from_secs(60), "{command:?}: {ended:?}");
        }
        proxy
    }

    fn nginx(service: &Service) -> Option<Self> {
        if !is_there("nginx", "-v") || !is_there("openssl", "version") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (tls, plain) = (free_port(), free_port());
        let (chain, key) = certificate(folder.path());
        let sites = example(
            "nginx.conf",
            &[
                ("listen [::]:443 ssl;", String::new()),
                ("listen [::]:80;", String::new()),
                ("listen 443 ssl;", format!("listen 127.0.0.1:{tls} ssl;")),
                ("listen 80;", format!("listen 127.0.0.1:{plain};")),
                ("/etc/letsencrypt/live/tracker.example/fullchain.pem", chain.display().to_string()),
                ("/etc/letsencrypt/live/tracker.example/privkey.pem", key.display().to_string()),
                ("/var/log/nginx/regwatch.log", folder.path().join("access.log").display().to_string()),
                ("127.0.0.1:8080", service.address.clone()),
            ],
        );
        let around = format!(
            "daemon off;\npid nginx.pid;\nerror_log stderr error;\nevents {{}}\nhttp {{\n{sites}\n}}\n"
        );
        std::fs::write(folder.path().join("nginx.conf"), around).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "stderr"]);
        Some(Self::start(&mut command, tls, &chain, folder))
    }

    fn caddy(service: &Service) -> Option<Self> {
        if !is_there("caddy", "version") || !is_there("openssl", "version") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (tls, plain) = (free_port(), free_port());
        let (chain, key) = certificate(folder.path());
        let own = format!("tls {} {}\n", chain.display(), key.display());
        let sites = example(
            "Caddyfile",
            &[
                ("\ntracker.example {\n", format!("\n{NAME}:{tls} {{\n\tbind 127.0.0.1\n\t{own}")),
                ("127.0.0.1:8080", service.address.clone()),
            ],
        );
        let around = format!(
            "{{\n\tadmin off\n\tlog {{\n\t\tlevel ERROR\n\t}}\n\tauto_https disable_redirects\n\thttp_port {plain}\n}}\n{sites}"
        );
        std::fs::write(folder.path().join("Caddyfile"), around).unwrap();
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.path().join("Caddyfile"));
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path());
        Some(Self::start(&mut command, tls, &chain, folder))
    }

    /// Asks over TLS from one of this machine's own addresses; gives status and body.
    async fn ask(&self, from: &str, method: &str, link: &str, body: &'static str) -> (u16, String) {
        let certificate = reqwest::Certificate::from_pem(&self.certificate).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([certificate])
            .resolve(NAME, self.address)
            .local_address(from.parse::<IpAddr>().unwrap())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let link = link
            .replace("https://tracker.example", &format!("https://tracker.example:{}", self.address.port()));
        let asked = client
            .request(method.parse().unwrap(), link)
            // What whoever asks says of themselves counts for nothing.
            .header("X-Forwarded-For", "203.0.113.9")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = asked.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// What holds whichever proxy stands in front.
async fn check(start: impl FnOnce(&Service) -> Option<Proxy>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let keys = "client_rate = 5\ntrusted_proxies = [\"127.0.0.1\"]\npublic = [\"changes\"]\n";
    let service = Service::start_at("https://tracker.example", "127.0.0.1:0", keys);
    let Some(proxy) = start(&service) else { return };
    let letter = service.followed();
    let (manage, leave) = (link(&service, &letter, "manage"), link(&service, &letter, "unsubscribe"));
    let (status, page) = proxy.ask("127.0.0.2", "GET", &manage, "").await;
    assert!(status == 200 && page.contains("Hikvision, since"), "{status}: {page}");
    let (status, page) = proxy.ask("127.0.0.2", "GET", "https://tracker.example/style.css", "").await;
    assert!(status == 200 && page.contains("color-scheme"), "{status}: {page}");

    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(proxy.ask("127.0.0.2", "GET", "https://tracker.example/confirm/x", "").await.0);
    }
    assert_eq!(statuses, [404, 404, 404, 404, 404, 429], "one who asks too often waits");
    let other = proxy.ask("127.0.0.3", "GET", "https://tracker.example/confirm/x", "").await;
    assert_eq!(other.0, 404, "and nobody else");

    // Everybody comes from this machine now, and nobody is let in for that.
    for (page, expected) in [("", 404), ("sources", 404), ("mails", 404), ("audit", 404), ("changes", 200)] {
        let (status, body) =
            proxy.ask("127.0.0.4", "GET", &format!("https://tracker.example/{page}"), "").await;
        assert_eq!(status, expected, "/{page}: {body}");
    }

    assert_eq!(service.told(), 1);
    let (status, page) = proxy.ask("127.0.0.2", "POST", &leave, "List-Unsubscribe=One-Click").await;
    assert_eq!(status, 200, "{page}");
    assert_eq!(service.told(), 0, "who left by one click is not told");
}

#[tokio::test]
async fn nginx_in_front_lets_one_click_through_and_says_who_asks() {
    check(Proxy::nginx).await;
}

#[tokio::test]
async fn caddy_in_front_lets_one_click_through_and_says_who_asks() {
    check(Proxy::caddy).await;
}
