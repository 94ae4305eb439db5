//! The page in a hidden iframe.  Law: behind enough padding there is nothing but scripts with the nonce of the page's
//! policy, each of which hands one envelope to the origin that was asked for and to no other.

use super::head::ResponseHead;
use super::incoming::{Incoming, shown};
use super::object::Members;
use super::script::plain_json;
use super::{Greeting, Heard, envelope};

/// Bytes before the first script, so that browsers begin to show the page.
const PADDING_MIN: usize = 1024;
/// How the page begins.
const BEGIN: &str = "<!doctype html><meta charset=\"utf-8\">";

/// Reads a page as it comes.
#[derive(Debug)]
pub struct IframeReader {
    incoming: Incoming,
    /// With which each script begins.
    open: String,
    origin: String,
    state: State,
    greeting: Option<Greeting>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum State {
    Padding,
    /// The script that names the origin is to come.
    Origin,
    Posts,
    Over,
}

impl IframeReader {
    /// A page for `origin`, under the policy in `head`.
    pub fn new(head: &ResponseHead, origin: &str) -> Result<Self, String> {
        let policy = head.field("Content-Security-Policy").unwrap_or_default();
        let nonce = policy.strip_prefix("default-src 'none'; script-src 'nonce-");
        let nonce = nonce.and_then(|rest| rest.strip_suffix(&format!("'; frame-ancestors {origin}")));
        let is_nonce = |text: &&str| {
            text.len() >= 22 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/-_=".contains(&b))
        };
        let nonce =
            nonce.filter(is_nonce).ok_or_else(|| format!("not the policy for {origin}: {policy:?}"))?;
        Ok(IframeReader {
            incoming: Incoming::default(),
            open: format!("<script nonce=\"{nonce}\">"),
            origin: origin.to_owned(),
            state: State::Padding,
            greeting: None,
        })
    }

    /// Who the client is, as soon as the first position has come.
    pub fn greeting(&self) -> Option<&Greeting> {
        self.greeting.as_ref()
    }

    /// The server wrote `bytes`: what they end.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Heard>, String> {
        self.incoming.push(bytes);
        let mut heard = Vec::new();
        while self.step(&mut heard).map_err(|error| {
            self.incoming.error(format_args!("{error} before {}", shown(self.incoming.rest())))
        })? {}
        Ok(heard)
    }

    /// The page has ended: no script may be cut off.
    pub fn finish(&self) -> Result<(), String> {
        if self.incoming.is_empty() && matches!(self.state, State::Posts | State::Over) {
            return Ok(());
        }
        Err(self.incoming.error(format_args!("the page ended before {}", shown(self.incoming.rest()))))
    }

    /// Reads what comes next; `false` if it has not come whole.
    fn step(&mut self, heard: &mut Vec<Heard>) -> Result<bool, String> {
        if self.state == State::Padding {
            return self.padding();
        }
        if self.state == State::Over {
            return if self.incoming.is_empty() { Ok(false) } else { Err("bytes behind the end".to_owned()) };
        }
        let is_script = self.open.bytes().zip(self.incoming.rest()).all(|(expected, byte)| expected == *byte);
        if !is_script {
            return Err("something that is no script of the page's".to_owned());
        }
        let Some(script) = self.incoming.take_before(b"</script>") else { return Ok(false) };
        let script = script.get(self.open.len()..).ok_or("a script without a beginning")?;
        let script = core::str::from_utf8(script).map_err(|error| error.to_string())?.to_owned();
        self.script(&script, heard).map(|()| true)
    }

    fn padding(&mut self) -> Result<bool, String> {
        let rest = self.incoming.rest();
        if !BEGIN.bytes().zip(rest).all(|(expected, byte)| expected == *byte) {
            return Err("not the beginning of a page".to_owned());
        }
        let Some(at) = memchr::memmem::find(rest, b"<script") else { return Ok(false) };
        if at < PADDING_MIN {
            return Err(format!("only {at} bytes of padding"));
        }
        if !rest[..at].ends_with(b"-->\n") {
            return Err("a script within the padding".to_owned());
        }
        self.incoming.take(at);
        self.state = State::Origin;
        Ok(true)
    }

    fn script(&mut self, script: &str, heard: &mut Vec<Heard>) -> Result<(), String> {
        if self.state == State::Origin {
            let origin = script.strip_prefix("const O=").ok_or("no origin in the first script")?;
            let origin: String =
                serde_json::from_str(&plain_json(origin)?).map_err(|error| error.to_string())?;
            self.state = State::Posts;
            return if origin == self.origin { Ok(()) } else { Err(format!("the page is for {origin:?}")) };
        }
        let envelope = script.strip_prefix("parent.postMessage(").and_then(|rest| rest.strip_suffix(",O)"));
        let json = plain_json(envelope.ok_or_else(|| format!("not one call of postMessage: {script:?}"))?)?;
        heard.push(self.posted(&json)?);
        Ok(())
    }

    fn posted(&mut self, json: &str) -> Result<Heard, String> {
        if self.greeting.is_some() {
            let heard = envelope::envelope(json)?;
            if matches!(heard, Heard::Shutdown { .. } | Heard::Reload { .. }) {
                self.state = State::Over;
            }
            return Ok(heard);
        }
        let mut members = Members::parse(json)?;
        self.greeting = Some(members.greeting()?);
        let heard = envelope::notice(members)?;
        match heard {
            Heard::Position { .. } => Ok(heard),
            _ => Err("a page begins with a position".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
