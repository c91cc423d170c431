//! The demonstration's web server: two days of four pages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::get;
use tokio::task::JoinSet;

/// A server on a free port of this machine. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Origin {
    address: String,
    is_day_two: Arc<AtomicBool>,
    _serving: JoinSet<()>,
}

impl Origin {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let is_day_two = Arc::new(AtomicBool::new(false));
        let router = Router::new()
            .route("/covered-list", get(covered_list))
            .route("/docket.rss", get(docket))
            .route("/notice", get(notice))
            .route("/entity-list", get(entity_list))
            .with_state(Arc::clone(&is_day_two));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the demonstration's server ended");
            }
        });
        Ok(Self { address, is_day_two, _serving: serving })
    }

    /// Its address, without a slash at the end.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// From now on the pages of the second day are served.
    pub(super) fn begin_day_two(&self) {
        self.is_day_two.store(true, Ordering::SeqCst);
    }
}

type Today = State<Arc<AtomicBool>>;
type Page = (StatusCode, HeaderMap, &'static str);

fn page(content_type: &'static str, today: &Today, one: &'static str, two: &'static str) -> Page {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    (StatusCode::OK, headers, if today.load(Ordering::SeqCst) { two } else { one })
}

const HTML: &str = "text/html; charset=utf-8";

async fn covered_list(today: Today) -> Page {
    page(
        HTML,
        &today,
        include_str!("pages/day1/covered-list.html"),
        include_str!("pages/day2/covered-list.html"),
    )
}

async fn docket(today: Today) -> Page {
    page(
        "text/xml; charset=iso-8859-1",
        &today,
        include_str!("pages/day1/docket.rss"),
        include_str!("pages/day2/docket.rss"),
    )
}

async fn notice(today: Today) -> Page {
    page(HTML, &today, include_str!("pages/day1/notice.html"), include_str!("pages/day2/notice.html"))
}

/// On day two a gatekeeper answers in the list's place, with a status that says that all is well.
async fn entity_list(today: Today) -> Page {
    page(
        HTML,
        &today,
        include_str!("pages/day1/entity-list.html"),
        include_str!("pages/day2/entity-list.html"),
    )
}
