//! Event streams, block by block: what a browser would silently skip fails the test.

use super::body::Body;
use holdline::testing::decode::sse::{self, blocks};
use serde_json::Value;

/// One block of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub id: Option<String>,
    pub event: Option<String>,
    /// The lines of data, joined by line feeds.
    pub data: Option<String>,
    pub retry: Option<u64>,
    pub comment: Option<String>,
}

impl Block {
    /// Reads a block, its blank line included.
    pub fn parse(text: &str) -> Block {
        let blocks = blocks(text.as_bytes()).unwrap_or_else(|error| panic!("{error} in {text:?}"));
        let [block] = <[sse::Block; 1]>::try_from(blocks).expect("one block");
        let sse::Block { id, event, data, retry, comment } = block;
        Block { id: id.map(|id| id.to_string()), event, data, retry, comment }
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
