//! A browser without a window, spoken to through its driver (the `WebDriver` protocol of the W3C).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::left_out::left_out;

/// Debian's, which comes with its browser.
const DRIVER: &str = "chromedriver";

/// How the protocol calls an element's name.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys as the protocol writes them.
pub const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';

/// The driver takes any free port of IPv6 and then wants the same of IPv4, where another test may hold it. It ends
/// then, and the next start chooses another.
const STARTS: usize = 20;

/// Starts the driver; gives the port on which it listens, or nothing where none is installed.
fn start() -> Option<(Child, u16)> {
    let mut said = Vec::new();
    for _ in 0..STARTS {
        let mut driver =
            Command::new(DRIVER).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        for line in lines.by_ref().map_while(Result::ok) {
            if let Some((_, port)) = line.split_once("successfully on port ") {
                // The driver must never wait for somebody to read what it says.
                std::thread::spawn(move || lines.for_each(drop));
                return Some((driver, port.trim_end_matches('.').parse().unwrap()));
            }
            said.push(line);
        }
        driver.wait().unwrap();
    }
    panic!("{DRIVER} did not start in {STARTS} attempts:\n{}", said.join("\n"));
}

/// A window of one width; browser and driver end with it.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// A window so many pixels wide, in the reader's colours. Nothing, and said so, where there is no browser.
    pub fn open(width: u32, is_dark: bool) -> Option<Self> {
        let Some((driver, port)) = start() else {
            left_out("pages in a browser", "chromium-driver is not installed");
            return None;
        };
        let mut browser = Self { driver, port, session: String::new() };
        let scheme = if is_dark {
            "--blink-settings=preferredColorScheme=0"
        } else {
            "--blink-settings=preferredColorScheme=1"
        };
        let arguments =
            ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", scheme];
        let options = json!({"args": arguments, "mobileEmulation": {"deviceMetrics": {"width": width, "height": 800, "pixelRatio": 1.0}}});
        let wish = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let made = browser.ask("POST", "/session", &wish);
        browser.session = format!("/session/{}", made["sessionId"].as_str().unwrap());
        Some(browser)
    }

    /// Sends a command; gives its value, which must be one.
    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_to(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error:#}"))
    }

    /// Sends a command; gives its value, or the error in its place.
    #[track_caller]
    fn try_to(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Content-Type: application/json; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{body}",
            self.port
        )
        .unwrap();
        let (status, body) = answer(stream);
        let value: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        let value = value["value"].clone();
        if status == "200" { Ok(value) } else { Err(value) }
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    /// Opens an address.
    #[track_caller]
    pub fn go(&self, address: &str) {
        self.post("/url", &json!({"url": address}));
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Chooses what a person would: it must be there, in sight and not covered.
    #[track_caller]
    pub fn choose(&self, selector: &str) {
        self.post(&format!("/element/{}/click", self.element(selector)), &json!({}));
    }

    /// Presses a button in the same way, and waits for the page to which it leads.
    #[track_caller]
    pub fn press(&self, selector: &str) {
        self.script("window.isLeft = true");
        self.choose(selector);
        self.await_another_page(selector);
    }

    #[track_caller]
    fn await_another_page(&self, selector: &str) {
        let arrived =
            json!({"script": "return !window.isLeft && document.readyState === 'complete'", "args": []});
        let path = format!("{}/execute/sync", self.session);
        let began = Instant::now();
        // Between two pages there is nowhere to ask.
        while self.try_to("POST", &path, &arrived) != Ok(Value::Bool(true)) {
            assert!(began.elapsed() < Duration::from_secs(60), "{selector} leads nowhere: {}", self.text());
        }
    }

    /// Types into a field.
    #[track_caller]
    pub fn type_into(&self, selector: &str, keys: &str) {
        self.post(&format!("/element/{}/value", self.element(selector)), &json!({"text": keys}));
    }

    /// Presses a key, as a keyboard does: wherever the page has its focus.
    #[track_caller]
    pub fn key(&self, key: char) {
        let actions = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        self.post("/actions", &json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]}));
    }

    /// Goes from one thing to the next until it comes to this, as somebody without a mouse does; whatever is passed
    /// must show that it has the focus.
    #[track_caller]
    pub fn tab_to(&self, selector: &str) {
        const LOOK: &str = "const e = document.activeElement; const s = getComputedStyle(e); return \
            [e === document.body || s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2, e.outerHTML.slice(0, 200)]";
        for _ in 0..200 {
            self.key(TAB);
            let seen = self.script(LOOK);
            assert_eq!(seen[0], true, "nothing shows that this has the focus: {}", seen[1]);
            if self.script(&format!("return document.activeElement.matches({selector:?})")) == true {
                return;
            }
        }
        panic!("no key leads to {selector}: {}", self.text());
    }

    /// Presses Enter where the focus is, and waits for the page to which it leads.
    #[track_caller]
    pub fn enter(&self) {
        self.script("window.isLeft = true");
        self.key(ENTER);
        self.await_another_page("Enter");
    }

    /// What stands on the page for its reader.
    #[track_caller]
    pub fn text(&self) -> String {
        self.script("return document.body.innerText").as_str().unwrap().to_owned()
    }

    /// What a script of the test's own gives.
    #[track_caller]
    pub fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// How the whole page looks, however long it is.
    #[track_caller]
    pub fn picture(&self) -> Vec<u8> {
        use base64::Engine as _;
        let size = self.script("const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]");
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let wish = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let shown = self.post("/goog/cdp/execute", &json!({"cmd": "Page.captureScreenshot", "params": wish}));
        base64::engine::general_purpose::STANDARD.decode(shown["data"].as_str().unwrap()).unwrap()
    }

    /// Keeps how the page looks where `REGWATCH_SCREENSHOTS` names a folder, for people to look at.
    #[track_caller]
    pub fn keep(&self, name: &str) {
        let Some(folder) = std::env::var_os("REGWATCH_SCREENSHOTS") else { return };
        let bytes = self.picture();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }
}

/// Status and body of an answer; the driver leaves the connection open behind it.
#[track_caller]
fn answer(stream: TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(found) = line.strip_prefix("content-length:") {
            length = found.trim().parse().unwrap();
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let status = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
    (status, String::from_utf8(body).unwrap())
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ending the session ends the browser; the driver alone would leave it behind.
        if !self.session.is_empty()
            && let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port))
        {
            let head = format!(
                "DELETE {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
                self.session, self.port
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.read(&mut [0; 256]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
