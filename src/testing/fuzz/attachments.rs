//! Attachments put into JSON and taken out of it, fed arbitrary text.

use super::members::Members;
use super::naive_base64;
use crate::limits::ATTACHMENTS_MAX;
use crate::socketio::attachments::{fold, unfold};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// Law: what is put in, and taken out, is what a naive reader of the whole tree finds; what was taken out and is put in
/// again gives the JSON that there was, and taken out again the same text; without anything to take out or put in, not
/// a byte is changed; text that is no JSON does no harm.
///
/// The first byte is the number of attachments, which are all of different length; the rest is the JSON.
pub fn attachments(data: &[u8]) {
    let Some((&count, text)) = data.split_first() else { return };
    let Ok(text) = core::str::from_utf8(text) else { return };
    let attachments: Vec<Box<[u8]>> = (0..count % 12).map(|at| vec![at; usize::from(at)].into()).collect();
    let (folded, unfolded) = (fold(text, &attachments), unfold(text));
    if let Ok(folded) = &folded {
        let encoded: usize = attachments.iter().map(|bytes| bytes.len().div_ceil(3) * 4).sum();
        assert!(
            folded.len() <= text.len() + encoded,
            "a placeholder is longer than what else takes its place"
        );
    }
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return;
    }
    let Some(tree) = Node::read(text) else { return };
    match (&folded, tree.folded(&mut attachments.iter().map(|bytes| Some(&**bytes)).collect())) {
        (Ok(folded), Some(expected)) => assert_eq!(Node::read(folded), Some(expected)),
        (Err(_), expected) => assert_eq!(expected, None),
        (Ok(folded), None) => panic!("{folded}"),
    }
    if !tree.holds("_placeholder") {
        assert_eq!(folded.as_deref(), Ok(text), "not a byte is changed");
    }
    let mut taken = Vec::new();
    let expected = tree.unfolded(&mut taken);
    let is_sendable = (1..=ATTACHMENTS_MAX).contains(&taken.len()) && !tree.holds("_placeholder");
    assert_eq!(unfolded.is_some(), is_sendable);
    let Some((unfolded, found)) = unfolded else { return };
    assert_eq!((Node::read(&unfolded), &found), (Some(expected), &taken));
    let found: Vec<Box<[u8]>> = found.into_iter().map(Vec::into_boxed_slice).collect();
    let again = fold(&unfolded, &found).expect("each is named once");
    assert_eq!(Node::read(&again), Some(tree), "base64 has one spelling");
    assert_eq!(unfold(&again), Some((unfolded, taken)));
}

/// JSON as a tree. Objects keep the order of their members, and members that come twice.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    String(String),
    /// As it is spelled.
    Other(String),
}

impl Node {
    /// `None` where a string is none of Unicode.
    fn read(text: &str) -> Option<Node> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        Some(match text.as_bytes().first()? {
            b'{' => {
                let members = Members::parse(text)?.0;
                let members = members.into_iter().map(|(name, value)| Some((name, Node::read(value.get())?)));
                Node::Object(members.collect::<Option<_>>()?)
            }
            b'[' => {
                let values: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
                Node::Array(values.iter().map(|value| Node::read(value.get())).collect::<Option<_>>()?)
            }
            b'"' => Node::String(serde_json::from_str(text).ok()?),
            _ => Node::Other(text.to_owned()),
        })
    }

    /// An object has a member of this name, at any depth.
    fn holds(&self, name: &str) -> bool {
        match self {
            Node::Object(members) => members.iter().any(|(own, value)| own == name || value.holds(name)),
            Node::Array(values) => values.iter().any(|value| value.holds(name)),
            Node::String(_) | Node::Other(_) => false,
        }
    }

    /// The value of the last member of this name.
    fn member(&self, name: &str) -> Option<&Node> {
        let Node::Object(members) = self else { return None };
        members.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The tree with `left` in place of placeholders, each once; `None` if that cannot be done.
    fn folded(&self, left: &mut Vec<Option<&[u8]>>) -> Option<Node> {
        if !left.is_empty() && self.member("_placeholder") == Some(&Node::Other("true".to_owned())) {
            let Node::Other(number) = self.member("num")? else { return None };
            let bytes = left.get_mut(number.parse::<usize>().ok()?)?.take()?;
            return Some(Node::Object(vec![("$base64".to_owned(), Node::String(STANDARD.encode(bytes)))]));
        }
        self.each(|value| value.folded(left))
    }

    /// The tree with placeholders in place of base64, which goes to `taken`.
    fn unfolded(&self, taken: &mut Vec<Vec<u8>>) -> Node {
        if let Node::Object(members) = self
            && let [(name, Node::String(text))] = &members[..]
            && name == "$base64"
            && let Some(bytes) = naive_base64::decode(text, false)
        {
            taken.push(bytes);
            let number = Node::Other((taken.len() - 1).to_string());
            let is = Node::Other("true".to_owned());
            return Node::Object(vec![("_placeholder".to_owned(), is), ("num".to_owned(), number)]);
        }
        self.each(|value| Some(value.unfolded(taken))).expect("each value gives one")
    }

    fn each(&self, mut change: impl FnMut(&Node) -> Option<Node>) -> Option<Node> {
        Some(match self {
            Node::Object(members) => {
                let members = members.iter().map(|(name, value)| Some((name.clone(), change(value)?)));
                Node::Object(members.collect::<Option<_>>()?)
            }
            Node::Array(values) => Node::Array(values.iter().map(change).collect::<Option<_>>()?),
            Node::String(_) | Node::Other(_) => self.clone(),
        })
    }
}
