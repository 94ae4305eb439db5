//! All that a server said on one connection, as the strict reader of `testing::decode` takes it.

use holdline::testing::decode::head::ResponseHead;
use holdline::testing::decode::http::{HttpPart, ResponseReader};

/// One response, interim ones too.
#[derive(Clone, Debug)]
pub struct Response {
    pub head: ResponseHead,
    pub body: Vec<u8>,
}

impl Response {
    /// Does `Connection` list `close`?
    pub fn closes(&self) -> bool {
        self.head.lists("Connection", "close")
    }
}

/// The responses in `said`, a stream's as far as it has come, and what stands behind the last of them. `bodiless(n)`:
/// the nth final answer is one to HEAD.
pub fn responses(said: &[u8], bodiless: impl Fn(usize) -> bool) -> (Vec<Response>, Vec<u8>) {
    let mut reader = ResponseReader::default();
    reader.push(said);
    let (mut responses, mut finals, mut is_whole) = (Vec::new(), 0, true);
    reader.expect(bodiless(0));
    while let Some(part) = reader.next_part().unwrap_or_else(|wrong| panic!("{wrong}")) {
        match part {
            HttpPart::Continue => {
                let head = ResponseHead { status: 100, fields: Vec::new() };
                responses.push(Response { head, body: Vec::new() });
            }
            HttpPart::Head(head) => {
                responses.push(Response { head, body: Vec::new() });
                (finals, is_whole) = (finals + 1, false);
                reader.expect(bodiless(finals));
            }
            HttpPart::Body(bytes) => responses.last_mut().expect("a body has a head").body.extend(bytes),
            HttpPart::End | HttpPart::Switched => is_whole = true,
        }
    }
    let cut_off = responses.last().filter(|last| !is_whole && last.head.field("Content-Length").is_some());
    assert!(cut_off.is_none(), "{cut_off:?}");
    (responses, reader.into_rest())
}
