//! One look at one page: open it, wait until it has come to rest, take down what stands there.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::devtools::{BrowserEvent, DevTools};
use super::process::Pipes;
use super::{Manners, UserAgent};

/// A page that has loaded and goes on asking for more is taken as it stands after this.
const RESTLESS: Duration = Duration::from_secs(10);

/// What the browser may tell besides the page in one message.
const SPARE_BYTES: usize = 1 << 20;

/// What stands in the browser's window.
#[derive(Debug, Default)]
pub(super) struct RenderedPage {
    /// The status of the answer that the page came from.
    pub status: u16,
    /// The address of that answer.
    pub url: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The page as its scripts left it.
    pub html: String,
}

/// Why there is nothing to be seen.
#[derive(Debug)]
pub(super) enum VisitError {
    /// The page is larger than allowed.
    TooLarge,
    /// Why, in words.
    Broken(String),
}

/// Visits a page.
pub(super) async fn visit(
    pipes: Option<Pipes>,
    url: &Url,
    manners: &Manners,
    max_bytes: usize,
) -> Result<RenderedPage, VisitError> {
    let pipes = pipes.ok_or_else(|| VisitError::Broken("it has no pipes".to_owned()))?;
    // Quotation marks and line feeds are twice as long there, other characters up to six times.
    let mut tools = DevTools::new(pipes, max_bytes.saturating_mul(2).saturating_add(SPARE_BYTES));
    let frame = open_tab(&mut tools, manners).await?;
    let navigation = tools.call("Page.navigate", json!({ "url": url.as_str() })).await?;
    if let Some(error) = navigation["errorText"].as_str() {
        return Err(VisitError::Broken(error.to_owned()));
    }
    let mut shown = rest(&mut tools, &frame).await?;
    let document = tools.call("DOM.getDocument", json!({ "depth": 0 })).await?;
    let node = &document["root"]["nodeId"];
    let mut markup = tools.call("DOM.getOuterHTML", json!({ "nodeId": node })).await?;
    if let Value::String(html) = markup["outerHTML"].take() {
        shown.html = html;
    }
    if shown.html.len() > max_bytes {
        return Err(VisitError::TooLarge);
    }
    Ok(shown)
}

/// Opens a tab that says who looks; gives the frame that the page will be in.
async fn open_tab(tools: &mut DevTools, manners: &Manners) -> Result<String, VisitError> {
    let version = tools.call("Browser.getVersion", json!({})).await?;
    tools.call("Browser.setDownloadBehavior", json!({ "behavior": "deny" })).await?;
    let target = tools.call("Target.createTarget", json!({ "url": "about:blank" })).await?;
    let attached = tools
        .call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }))
        .await?;
    tools.speak_to(attached["sessionId"].as_str().unwrap_or_default());
    let user_agent = match &manners.user_agent {
        UserAgent::Configured(text) => text.clone(),
        UserAgent::Extended(text) => format!("{} {text}", version["userAgent"].as_str().unwrap_or_default()),
    };
    let names = json!({ "userAgent": user_agent, "acceptLanguage": manners.language });
    tools.call("Network.enable", json!({})).await?;
    tools.call("Network.setUserAgentOverride", names).await?;
    tools.call("Page.enable", json!({})).await?;
    tools.call("Page.setLifecycleEventsEnabled", json!({ "enabled": true })).await?;
    let frames = tools.call("Page.getFrameTree", json!({})).await?;
    Ok(frames["frameTree"]["frame"]["id"].as_str().unwrap_or_default().to_owned())
}

/// Waits until the page asks for nothing more, whatever pages it leads on to.
async fn rest(tools: &mut DevTools, frame: &str) -> Result<RenderedPage, VisitError> {
    let mut shown = RenderedPage::default();
    let mut loader = Value::Null;
    let mut deadline = None;
    loop {
        let event = match deadline {
            None => tools.event().await?,
            Some(deadline) => match timeout_at(deadline, tools.event()).await {
                Ok(event) => event?,
                Err(_) => return Ok(shown),
            },
        };
        let BrowserEvent { name, about } = event;
        match name.as_str() {
            "Network.responseReceived" if about["type"] == "Document" && about["frameId"] == frame => {
                shown = document(&about["response"]);
                loader = about["loaderId"].clone();
                deadline = None;
            }
            "Page.loadEventFired" => deadline = deadline.or(Some(Instant::now() + RESTLESS)),
            "Page.lifecycleEvent" if about["name"] == "networkIdle" && about["loaderId"] == loader => {
                return Ok(shown);
            }
            // Nobody is there to answer, and scripts wait until somebody does.
            "Page.javascriptDialogOpening" => {
                tools.send("Page.handleJavaScriptDialog", json!({ "accept": false })).await?;
            }
            "Inspector.targetCrashed" => return Err(VisitError::Broken("the page broke it".to_owned())),
            _ => {}
        }
    }
}

fn document(response: &Value) -> RenderedPage {
    let headers = response["headers"].as_object().into_iter().flatten();
    RenderedPage {
        status: response["status"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or_default(),
        url: response["url"].as_str().unwrap_or_default().to_owned(),
        headers: headers
            .map(|(name, value)| {
                (name.to_ascii_lowercase(), value.as_str().unwrap_or_default().replace('\n', ", "))
            })
            .collect(),
        html: String::new(),
    }
}
