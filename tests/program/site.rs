//! A web site whose pages a test can change and hold back.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use tokio::sync::Semaphore;

/// One answer.
#[derive(Debug, Clone)]
struct Page {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// What was asked: path and headers.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub headers: HeaderMap,
}

/// When something was asked for.
#[derive(Debug, Clone)]
pub struct Moment {
    pub path: String,
    pub at: Instant,
    pub wall: SystemTime,
}

#[derive(Debug, Default)]
struct Shared {
    pages: HashMap<String, Page>,
    held: HashMap<String, Arc<Semaphore>>,
    asked: Vec<Asked>,
    moments: Vec<Moment>,
}

/// A server on a free port, in a thread of its own; it ends with the test.
#[derive(Debug, Clone)]
pub struct Site {
    pub url: String,
    shared: Arc<(Mutex<Shared>, Condvar)>,
}

/// A request that has not come by then never will.
const PATIENCE: Duration = Duration::from_secs(60);

impl Site {
    pub fn start() -> Self {
        let shared = Arc::new((Mutex::new(Shared::default()), Condvar::new()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        Self { url: Self::serve(router), shared }
    }

    /// Serves any router the same way; gives its address.
    pub fn serve(router: Router) -> String {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        url
    }

    /// Serves an HTML page.
    pub fn page(&self, path: &str, body: impl Into<String>) {
        self.answer(path, 200, &[("content-type", "text/html; charset=utf-8")], body);
    }

    /// Whether a path is answered by this text now.
    pub fn is_page(&self, path: &str, body: &str) -> bool {
        self.shared.0.lock().unwrap().pages.get(path).is_some_and(|page| page.body == body)
    }

    /// Serves any answer.
    pub fn answer(&self, path: &str, status: u16, headers: &[(&'static str, &str)], body: impl Into<String>) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let page = Page { status, headers, body: body.into() };
        self.shared.0.lock().unwrap().pages.insert(path.to_owned(), page);
    }

    /// From now on whoever asks for the path waits until it is released.
    pub fn hold(&self, path: &str) {
        self.shared.0.lock().unwrap().held.insert(path.to_owned(), Arc::new(Semaphore::new(0)));
    }

    /// Lets those who wait have their answer.
    pub fn release(&self, path: &str) {
        if let Some(held) = self.shared.0.lock().unwrap().held.remove(path) {
            held.close();
        }
    }

    /// Which pages were asked for so far; the host's rules are none.
    pub fn asked(&self) -> Vec<Asked> {
        let mut asked = self.shared.0.lock().unwrap().asked.clone();
        asked.retain(|asked| asked.path != "/robots.txt");
        asked
    }

    /// When anything was asked for, the host's rules included, in the order in which it was.
    pub fn moments(&self) -> Vec<Moment> {
        self.shared.0.lock().unwrap().moments.clone()
    }

    /// Waits until the path was asked for so many times.
    #[track_caller]
    pub fn wait_until_asked(&self, path: &str, times: usize) {
        let (shared, changed) = &*self.shared;
        let is_missing =
            |shared: &mut Shared| shared.asked.iter().filter(|asked| asked.path == path).count() < times;
        let (_shared, waited) =
            changed.wait_timeout_while(shared.lock().unwrap(), PATIENCE, is_missing).unwrap();
        assert!(!waited.timed_out(), "{path} was not asked for {times} times");
    }
}

type Today = State<Arc<(Mutex<Shared>, Condvar)>>;

#[expect(clippy::disallowed_methods, reason = "other processes go by the same clock")]
async fn answer(State(shared): Today, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let held = {
        let mut inside = shared.0.lock().unwrap();
        inside.moments.push(Moment { path: path.clone(), at: Instant::now(), wall: SystemTime::now() });
        inside.asked.push(Asked { path: path.clone(), headers: request.headers().clone() });
        shared.1.notify_all();
        inside.held.get(&path).cloned()
    };
    if let Some(held) = held {
        // Closing the semaphore ends the wait.
        let _ = held.acquire().await;
    }
    let page = shared.0.lock().unwrap().pages.get(&path).cloned();
    let Some(page) = page else {
        return Response::builder().status(404).body(Body::from("not found")).unwrap();
    };
    serve(&page, request.headers())
}

/// Answers as told; conditionally where the page has an entity tag that the asker knows.
fn serve(page: &Page, asked: &HeaderMap) -> Response<Body> {
    let etag = page.headers.iter().find(|(name, _)| *name == "etag").map(|(_, value)| value.as_str());
    let known = asked.get("if-none-match").and_then(|value| value.to_str().ok());
    if etag.is_some() && etag == known {
        return Response::builder().status(StatusCode::NOT_MODIFIED).body(Body::empty()).unwrap();
    }
    let mut response = Response::builder().status(page.status);
    for (name, value) in &page.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(page.body.clone())).unwrap()
}
