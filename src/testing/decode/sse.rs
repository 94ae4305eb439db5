//! Event streams (WHATWG HTML, section "Server-sent events").  Law: what a browser would mend or skip is an error; a block
//! is what a browser would make of it. Lines end with LF: CR, which ends lines too, is never sent.

use super::incoming::{Incoming, shown};
use super::object::{Members, message_id};
use super::{Greeting, Heard, envelope};
use crate::message::MessageId;

/// What stands before a blank line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// What the browser remembers and sends when it connects again.
    pub id: Option<MessageId>,
    /// The event's name.
    pub event: Option<String>,
    /// The lines of data, joined by LF; without them a browser dispatches nothing.
    pub data: Option<String>,
    /// Milliseconds before a reconnect.
    pub retry: Option<u64>,
    /// What the browser skips.
    pub comment: Option<String>,
}

impl Block {
    fn take(&mut self, line: &str) -> Result<(), String> {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("no colon in {line:?}"))?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" => set(&mut self.comment, value.to_owned(), line),
            "id" => set(&mut self.id, message_id(value)?, line),
            "event" if value.is_empty() => Err("an event without a name".to_owned()),
            "event" => set(&mut self.event, value.to_owned(), line),
            "retry" => set(&mut self.retry, decimal(value)?, line),
            "data" => {
                match &mut self.data {
                    Some(data) => data.extend(["\n", value]),
                    None => self.data = Some(value.to_owned()),
                }
                Ok(())
            }
            _ => Err(format!("no browser knows the field in {line:?}")),
        }
    }
}

fn set<T>(place: &mut Option<T>, value: T, line: &str) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("twice in a block: {line:?}")),
    }
}

/// Browsers take digits only.
fn decimal(text: &str) -> Result<u64, String> {
    let digits = Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or_else(|| format!("{text:?} is no number"))
}

/// The blocks of a whole stream.
pub fn blocks(stream: &[u8]) -> Result<Vec<Block>, String> {
    let mut reader = Blocks::default();
    let blocks = reader.push(stream)?;
    reader.finish().map(|()| blocks)
}

/// Cuts a stream in blocks.
#[derive(Debug, Default)]
pub struct Blocks {
    incoming: Incoming,
    block: Block,
}

impl Blocks {
    /// The blocks that these bytes end.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Block>, String> {
        self.incoming.push(bytes);
        let mut blocks = Vec::new();
        while let Some(line) = self.incoming.take_before(b"\n") {
            let read = read_line(&mut self.block, line).map_err(|error| self.incoming.error(error))?;
            blocks.extend(read);
        }
        Ok(blocks)
    }

    /// The stream has ended: no block may be cut off.
    pub fn finish(&self) -> Result<(), String> {
        if self.incoming.is_empty() && self.block == Block::default() {
            return Ok(());
        }
        let rest = shown(self.incoming.rest());
        Err(self.incoming.error(format_args!("a block without its blank line: {:?} {rest}", self.block)))
    }
}

fn read_line(block: &mut Block, line: &[u8]) -> Result<Option<Block>, String> {
    let text = core::str::from_utf8(line).map_err(|error| format!("{error}: {}", shown(line)))?;
    if text.contains('\r') || text.starts_with('\u{feff}') {
        return Err(format!("CR or a byte order mark: {}", shown(line)));
    }
    if !text.is_empty() {
        return block.take(text).map(|()| None);
    }
    let whole = core::mem::take(block);
    if whole == Block::default() { Err("a blank line after nothing".to_owned()) } else { Ok(Some(whole)) }
}

/// Reads the stream that an EventSource gets: a position first, then whatever comes.
#[derive(Debug)]
pub struct SseReader {
    blocks: Blocks,
    /// Data is the payload, else the envelope.
    is_bare: bool,
    last_event_id: Option<MessageId>,
    greeting: Option<Greeting>,
    is_over: bool,
}

impl SseReader {
    /// A stream whose messages come as their payload if `is_bare`, else as their envelope.
    pub fn new(is_bare: bool) -> Self {
        SseReader { blocks: Blocks::default(), is_bare, last_event_id: None, greeting: None, is_over: false }
    }

    /// What the browser would send as `Last-Event-ID`.
    pub fn last_event_id(&self) -> Option<MessageId> {
        self.last_event_id
    }

    /// Who the client is, as soon as the first position has come.
    pub fn greeting(&self) -> Option<&Greeting> {
        self.greeting.as_ref()
    }

    /// The server wrote `bytes`: what they end.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Heard>, String> {
        let mut heard = Vec::new();
        for block in self.blocks.push(bytes)? {
            self.read(&block, &mut heard).map_err(|error| format!("{error} in {block:?}"))?;
        }
        Ok(heard)
    }

    /// The stream has ended: no block may be cut off.
    pub fn finish(&self) -> Result<(), String> {
        self.blocks.finish()
    }

    fn read(&mut self, block: &Block, heard: &mut Vec<Heard>) -> Result<(), String> {
        if self.is_over {
            return Err("a block behind the end".to_owned());
        }
        heard.extend(block.retry.map(|ms| Heard::Retry { ms }));
        if let Some(comment) = &block.comment {
            heard.push(self.comment(comment, block.retry)?);
        }
        self.last_event_id = block.id.or(self.last_event_id);
        match (&block.data, &block.event, block.id) {
            (Some(data), event, id) => heard.push(self.event(data, event.as_deref(), id, block.retry)?),
            (None, None, None) => {}
            (None, _, _) => return Err("without data nothing is dispatched".to_owned()),
        }
        Ok(())
    }

    /// A sign of life, or why the stream is refused.
    fn comment(&mut self, text: &str, retry: Option<u64>) -> Result<Heard, String> {
        if text.is_empty() && self.greeting.is_some() {
            return Ok(Heard::Heartbeat);
        }
        let status = text.split_once(' ').and_then(|(status, _)| status.parse().ok());
        match status.filter(|status| matches!(status, 408 | 429 | 500 | 503)) {
            Some(status) if self.greeting.is_none() && retry.is_some() => {
                self.is_over = true;
                Ok(Heard::Refused { status })
            }
            _ => Err("a comment that is no sign of life and no refusal".to_owned()),
        }
    }

    fn event(
        &mut self,
        data: &str,
        event: Option<&str>,
        id: Option<MessageId>,
        retry: Option<u64>,
    ) -> Result<Heard, String> {
        let own = event.and_then(|event| event.strip_prefix("holdline:"));
        if self.greeting.is_none() && (own != Some("position") || retry.is_none()) {
            return Err("a stream begins with a delay and a position".to_owned());
        }
        match (own, id) {
            (Some("position"), Some(cursor)) => self.position(data).map(|()| Heard::Position { cursor }),
            (Some(name @ ("binary" | "ask" | "client")), Some(id)) if self.is_bare => {
                let heard = enveloped(data, id, None)?;
                let expected = match &heard {
                    Heard::Message { ask: Some(_), .. } => "ask",
                    Heard::Message { channel: Some(channel), .. } if channel == "@client" => "client",
                    _ => "binary",
                };
                if name == expected { Ok(heard) } else { Err(format!("a {expected} under another name")) }
            }
            (Some(name), None) => self.notice(name, data, retry),
            (None, Some(id)) if !self.is_bare => enveloped(data, id, Some(event)),
            (None, Some(id)) if event.is_none_or(envelope::is_event) => Ok(Heard::Message {
                id,
                channel: None,
                event: event.map(str::to_owned),
                ask: None,
                data: data.into(),
                is_json: false,
                replay: false,
            }),
            _ => Err("an event that the contract does not know".to_owned()),
        }
    }

    /// The first position greets, the others say nothing more.
    fn position(&mut self, data: &str) -> Result<(), String> {
        if self.greeting.is_some() {
            return if data.is_empty() { Ok(()) } else { Err("data of a position".to_owned()) };
        }
        let mut members = Members::parse(data)?;
        self.greeting = Some(members.greeting()?);
        members.end()
    }

    fn notice(&mut self, name: &str, data: &str, retry: Option<u64>) -> Result<Heard, String> {
        let heard = envelope::notice(Members::parse(data)?)?;
        let told = match heard {
            Heard::Gap { .. } => "gap",
            Heard::Closed { .. } => "closed",
            Heard::Withdrawn { .. } => "withdrawn",
            Heard::Coming { is_join: true, .. } => "join",
            Heard::Coming { is_join: false, .. } => "leave",
            Heard::PresenceChanged { .. } => "presence-changed",
            Heard::Shutdown { reconnect_ms } if retry == Some(reconnect_ms) => "shutdown",
            _ => return Err("a notice that this stream has not".to_owned()),
        };
        self.is_over = told == "shutdown";
        if name == told { Ok(heard) } else { Err(format!("a {told} under another name")) }
    }
}

/// The message in an envelope, which says the same as the block around it; `event` unless that is another name.
fn enveloped(data: &str, id: MessageId, event: Option<Option<&str>>) -> Result<Heard, String> {
    let heard = envelope::message(Members::parse(data)?, false)?;
    match &heard {
        Heard::Message { id: own, event: own_event, .. }
            if *own == id && event.is_none_or(|event| event == own_event.as_deref()) =>
        {
            Ok(heard)
        }
        _ => Err("a block and its envelope that differ".to_owned()),
    }
}

#[cfg(test)]
mod tests;
