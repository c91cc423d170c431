//! The title of a page, found without a tree.

use std::cell::RefCell;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};

use crate::domain::text::one_line;
use crate::extract::RawDocument;
use crate::extract::charset::decode;
use crate::extract::parser::{self, AfterPiece};

/// Looks for the title and for nothing else.
#[derive(Default)]
struct TitleSink {
    state: RefCell<TitleState>,
}

#[derive(Default)]
struct TitleState {
    text: Option<String>,
    is_done: bool,
    /// A drawing has titles of its own.
    drawings: usize,
}

impl TitleSink {
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        let is_start = tag.kind == TagKind::StartTag;
        match &*tag.name {
            "svg" if is_start && !tag.self_closing => state.drawings += 1,
            "svg" if !is_start => state.drawings = state.drawings.saturating_sub(1),
            _ if state.drawings > 0 => {}
            "title" if is_start => {
                state.text = Some(String::new());
                return TokenSinkResult::RawData(RawKind::Rcdata);
            }
            "title" => state.is_done = state.text.is_some(),
            "textarea" if is_start => return TokenSinkResult::RawData(RawKind::Rcdata),
            "script" if is_start => return TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" if is_start => {
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl TokenSink for TitleSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line_number: u64) -> TokenSinkResult<()> {
        if self.state.borrow().is_done {
            return TokenSinkResult::Continue;
        }
        match token {
            Token::TagToken(tag) => return self.tag(&tag),
            Token::CharacterTokens(text) => {
                if let Some(title) = &mut self.state.borrow_mut().text {
                    title.push_str(&text);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// See [`crate::extract::title`].
pub(in crate::extract) fn title(page: &RawDocument<'_>) -> Option<String> {
    let stop_when_done =
        |sink: &TitleSink, _| Ok(if sink.state.borrow().is_done { AfterPiece::Stop } else { AfterPiece::Go });
    let sink = parser::feed(&decode(page), TitleSink::default(), stop_when_done).ok()?;
    sink.state.into_inner().text.map(|title| one_line(&title)).filter(|title| !title.is_empty())
}
