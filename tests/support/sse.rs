//! A strict reader of event streams (WHATWG HTML section 9.2): what a browser would silently skip fails the test.

use super::body::Body;
use serde_json::Value;

/// One block of the stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    pub id: Option<String>,
    pub event: Option<String>,
    /// The lines of data, joined by line feeds.
    pub data: Option<String>,
    pub retry: Option<u64>,
    pub comments: Vec<String>,
}

impl Block {
    /// Reads a block, its blank line included.
    pub fn parse(text: &str) -> Block {
        let lines = text.strip_suffix("\n\n").unwrap_or_else(|| panic!("no blank line ends {text:?}"));
        assert!(!text.contains(['\r', '\0']), "a bare line end or NUL in {text:?}");
        let mut block = Block::default();
        lines.split('\n').for_each(|line| block.take(line));
        block
    }

    fn take(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no colon in {line:?}"));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" => self.comments.push(value.to_owned()),
            "id" => {
                super::id(value);
                set(&mut self.id, value.to_owned(), line);
            }
            "event" => set(&mut self.event, value.to_owned(), line),
            "retry" => {
                set(&mut self.retry, value.parse().unwrap_or_else(|_| panic!("{line:?}")), line);
            }
            "data" => match &mut self.data {
                Some(data) => *data = format!("{data}\n{value}"),
                None => self.data = Some(value.to_owned()),
            },
            _ => panic!("a browser does not know the field in {line:?}"),
        }
    }

    /// Whether a browser would dispatch it.
    pub fn is_event(&self) -> bool {
        self.data.is_some()
    }

    /// Whether it is the notice `holdline:KIND`.
    pub fn is_notice(&self, kind: &str) -> bool {
        self.event.as_deref().and_then(|event| event.strip_prefix("holdline:")) == Some(kind)
    }

    /// The data as JSON.
    pub fn json(&self) -> Value {
        let data = self.data.as_deref().unwrap_or_else(|| panic!("no data in {self:?}"));
        serde_json::from_str(data).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }
}

fn set<T>(place: &mut Option<T>, value: T, line: &str) {
    assert!(place.replace(value).is_none(), "twice in one block: {line:?}");
}

/// The next block, comments and `retry:` included; `None` at the end of the stream.
pub fn block(stream: &mut Body) -> Option<Block> {
    stream.through("\n\n").map(|text| Block::parse(&text))
}

/// The next block that a browser would dispatch.
#[track_caller]
pub fn event(stream: &mut Body) -> Block {
    loop {
        let block = block(stream).expect("the stream goes on");
        if block.is_event() {
            return block;
        }
    }
}

/// Reads up to and with the first position, where the reader begins.
#[track_caller]
pub fn opening(stream: &mut Body) -> Block {
    let first = event(stream);
    assert!(first.is_notice("position"), "a stream begins with a position: {first:?}");
    assert!(first.id.is_some(), "the position has an id, for the browser to remember: {first:?}");
    first
}
