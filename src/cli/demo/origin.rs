//! The demonstration's web server: two days of four pages, and a panel by which what it serves is changed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A server on a free port of this machine. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Origin {
    address: String,
    served: Arc<Served>,
    _serving: JoinSet<()>,
}

/// What is served, and where the panel finds the mails.
#[derive(Debug)]
struct Served {
    today: Mutex<Today>,
    folder: PathBuf,
    /// Where it is sent that somebody pressed one of the panel's buttons.
    buttons: Mutex<Option<mpsc::Sender<DemoWish>>>,
    /// Where the pages of the service are, for the panel.
    pages: Mutex<Option<String>>,
}

/// How the pages are today.
#[derive(Debug, Clone, Copy, Default)]
struct Today {
    is_day_two: bool,
    list: ServedList,
    /// How often an entry of the list was amended.
    amended: usize,
}

/// What is served in the place of the Covered List.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ServedList {
    #[default]
    Whole,
    Blocked,
    Empty,
}

/// What can be done to the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Amend an entry of the list.
    Amend,
    /// Serve a gatekeeper's page in place of the list.
    Block,
    /// Serve the list without its entries.
    Empty,
    /// Serve the list as it was.
    Restore,
}

/// What a key or a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DemoWish {
    /// Change the pages.
    Do(Deed),
    /// End the demonstration.
    End,
}

impl DemoWish {
    /// What a key asks for.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        let deed = Deed::ALL.iter().find(|(known, ..)| *known == key).map(|(_, deed, _)| Self::Do(*deed));
        deed.or_else(|| matches!(key, "q" | "quit" | "exit").then_some(Self::End))
    }
}

impl Deed {
    /// Each with its key and what it does.
    pub(super) const ALL: [(&'static str, Self, &'static str); 4] = [
        ("a", Self::Amend, "amend an entry of the Covered List"),
        ("b", Self::Block, "serve a block page in its place"),
        ("e", Self::Empty, "empty the list"),
        ("r", Self::Restore, "serve the list again"),
    ];
}

impl Origin {
    /// Serves the first day; mails are shown as they lie in `folder`.
    pub(super) async fn start(folder: PathBuf) -> anyhow::Result<Self> {
        let served = Arc::new(Served {
            today: Mutex::default(),
            folder,
            buttons: Mutex::default(),
            pages: Mutex::default(),
        });
        let router = Router::new()
            .route("/covered-list", get(covered_list))
            .route("/docket.rss", get(docket))
            .route("/notice", get(notice))
            .route("/entity-list", get(entity_list))
            .route("/", get(panel))
            .route("/do", post(press))
            .route("/mail/{number}", get(mail))
            .with_state(Arc::clone(&served));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the demonstration's server stopped");
            }
        });
        Ok(Self { address, served, _serving: serving })
    }

    /// Its address, without a slash at the end.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// From now on the pages of the second day are served.
    pub(super) fn begin_day_two(&self) {
        self.served.change(|today| today.is_day_two = true);
    }

    /// Changes what is served.
    pub(super) fn act(&self, deed: Deed) {
        self.served.change(|today| match deed {
            Deed::Amend => *today = Today { list: ServedList::Whole, amended: today.amended + 1, ..*today },
            Deed::Block => today.list = ServedList::Blocked,
            Deed::Empty => today.list = ServedList::Empty,
            Deed::Restore => today.list = ServedList::Whole,
        });
    }

    /// Has the panel's buttons hand what they ask for to somebody; `pages` is where the service's own pages are.
    pub(super) fn open_panel(&self, pages: String, buttons: mpsc::Sender<DemoWish>) {
        *self.served.pages.lock().unwrap_or_else(PoisonError::into_inner) = Some(pages);
        *self.served.buttons.lock().unwrap_or_else(PoisonError::into_inner) = Some(buttons);
    }
}

impl Served {
    fn today(&self) -> Today {
        *self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Today)) {
        change(&mut self.today.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn buttons(&self) -> Option<mpsc::Sender<DemoWish>> {
        self.buttons.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

type ServedState = State<Arc<Served>>;
type ServedPage = (StatusCode, HeaderMap, String);

fn page(content_type: &'static str, body: impl Into<String>) -> ServedPage {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    (StatusCode::OK, headers, body.into())
}

const HTML: &str = "text/html; charset=utf-8";

/// What a gatekeeper answers, with a status that says that all is well.
const BLOCK_PAGE: &str = include_str!("pages/day2/entity-list.html");

async fn covered_list(State(served): ServedState) -> ServedPage {
    let today = served.today();
    let body = match today.list {
        ServedList::Blocked => BLOCK_PAGE.to_owned(),
        ServedList::Empty => without_rows(list_of(today)),
        ServedList::Whole => amended(list_of(today), today.amended),
    };
    page(HTML, body)
}

fn list_of(today: Today) -> &'static str {
    if today.is_day_two {
        include_str!("pages/day2/covered-list.html")
    } else {
        include_str!("pages/day1/covered-list.html")
    }
}

/// The list with another sentence for each time it was amended.
fn amended(list: &str, times: usize) -> String {
    const BEGIN: &str = "<strong>Hangzhou Hikvision Digital Technology Company</strong>";
    let more: String = (1..=times).map(|time| format!(", as extended by amendment {time}")).collect();
    list.replace(BEGIN, &format!("{BEGIN}{more}"))
}

/// The list as it is while its rows are being replaced.
fn without_rows(list: &str) -> String {
    const BEGIN: &str = "<tbody>";
    let Some((head, rest)) = list.split_once(BEGIN) else { return list.to_owned() };
    let tail = rest.split_once("</tbody>").map_or("", |(_, tail)| tail);
    format!("{head}{BEGIN}</tbody>{tail}")
}

async fn docket(State(served): ServedState) -> ServedPage {
    let (one, two) = (include_str!("pages/day1/docket.rss"), include_str!("pages/day2/docket.rss"));
    page("text/xml; charset=iso-8859-1", if served.today().is_day_two { two } else { one })
}

async fn notice(State(served): ServedState) -> ServedPage {
    let (one, two) = (include_str!("pages/day1/notice.html"), include_str!("pages/day2/notice.html"));
    page(HTML, if served.today().is_day_two { two } else { one })
}

/// On day two a gatekeeper answers in the list's place.
async fn entity_list(State(served): ServedState) -> ServedPage {
    let one = include_str!("pages/day1/entity-list.html");
    page(HTML, if served.today().is_day_two { BLOCK_PAGE } else { one })
}

/// The buttons, and ways to all that can be looked at.
async fn panel(State(served): ServedState) -> Html<String> {
    let buttons: String = Deed::ALL
        .iter()
        .map(|(key, _, words)| format!("<button name=\"key\" value=\"{key}\">{words}</button>\n"))
        .collect();
    let pages = served.pages.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
    let mails: String = (1..)
        .take_while(|number| served.folder.join(format!("mail-{number}.html")).exists())
        .map(|number| format!("<li><a href=\"/mail/{number}\">Mail {number}</a></li>\n"))
        .collect();
    let panel = include_str!("pages/panel.html");
    Html(panel.replace("{buttons}", &buttons).replace("{pages}", &pages).replace("{mails}", &mails))
}

/// A button: its key is what it sends.
async fn press(State(served): ServedState, body: Bytes) -> Redirect {
    let pressed = url::form_urlencoded::parse(&body).find(|(name, _)| name == "key");
    let wish = pressed.and_then(|(_, key)| DemoWish::of_key(&key)).filter(|wish| *wish != DemoWish::End);
    if let (Some(wish), Some(buttons)) = (wish, served.buttons()) {
        // Nobody is there to do it once the demonstration ends.
        let _ = buttons.send(wish).await;
    }
    Redirect::to("/")
}

async fn mail(State(served): ServedState, Path(number): Path<usize>) -> ServedPage {
    let path = served.folder.join(format!("mail-{number}.html"));
    match tokio::fs::read_to_string(path).await {
        Ok(html) => page(HTML, html),
        Err(_) => (StatusCode::NOT_FOUND, HeaderMap::new(), "There is no such mail.".to_owned()),
    }
}
