//! Channel names.  Law: a `ChannelName` is always well formed, so nobody below checks again.

use core::fmt;
use core::ops::Deref;

/// 1 to 255 bytes of `A-Z a-z 0-9 . _ ~ : @ + - /`, no empty segment, none that is `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName(Box<str>);

/// Why a text is no channel name.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ChannelNameError {
    /// Nothing, or more than 255 bytes.
    Length,
    /// A byte that no name may hold.
    Byte,
    /// A slash first or last, two slashes, or a segment `.` or `..`.
    Segment,
    /// It begins with `@`.
    Reserved,
}

impl ChannelNameError {
    /// What was wrong and what would be right.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Length => "a channel name has 1 to 255 bytes",
            Self::Byte => "a channel name is made of A-Z a-z 0-9 . _ ~ : @ + - and /",
            Self::Segment => {
                "a channel name has no slash first or last, no empty segment and none that is . or .."
            }
            Self::Reserved => "channel names that begin with @ are the server's own",
        }
    }
}

/// What readers are told in place of the name of their own log.
pub const OWN_SHOWN: &str = "@client";
/// Before the id of a client in the name of its own log.
const OWN: &str = "@client/";

impl ChannelName {
    /// The name of the own log of a client. No client may use it.
    pub fn own(client: impl fmt::Display) -> Self {
        ChannelName(format!("{OWN}{client}").into())
    }

    /// The client in the name of an own log.
    pub fn own_suffix(name: &str) -> Option<&str> {
        name.strip_prefix(OWN)
    }

    /// A channel's name as readers are told it: whose own log it is goes without saying.
    pub fn shown(name: &str) -> &str {
        if name.starts_with(OWN) { OWN_SHOWN } else { name }
    }

    /// Takes `text`, already percent-decoded, as a channel name that a client may use.
    pub fn parse(text: &str) -> Result<Self, ChannelNameError> {
        if text.is_empty() || text.len() > 255 {
            return Err(ChannelNameError::Length);
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~:@+-/".contains(&b)) {
            return Err(ChannelNameError::Byte);
        }
        if text.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(ChannelNameError::Segment);
        }
        if text.starts_with('@') {
            return Err(ChannelNameError::Reserved);
        }
        Ok(ChannelName(text.into()))
    }
}

impl Deref for ChannelName {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChannelNameError::*;

    #[test]
    fn names_are_checked_by_the_contract() {
        let longest = "a".repeat(255);
        for good in ["a", "news/sport", "A.b_c~d:e@f+g-h/9", "...", "a/...", longest.as_str()] {
            assert_eq!(ChannelName::parse(good).as_deref(), Ok(good));
        }
        let too_long = "a".repeat(256);
        let bad =
            [("", Length), (&*too_long, Length), ("a b", Byte), ("ä", Byte), ("a%2Fb", Byte), ("a\0", Byte)];
        for (text, error) in bad {
            assert_eq!(ChannelName::parse(text), Err(error), "{text:?}");
        }
        for text in ["/a", "a/", "a//b", "/", ".", "..", "a/./b", "a/.."] {
            assert_eq!(ChannelName::parse(text), Err(Segment), "{text:?}");
        }
        assert_eq!(ChannelName::parse("@client"), Err(Reserved));
    }

    #[test]
    fn the_own_log_of_a_client_has_a_name_that_nobody_may_use() {
        let own = ChannelName::own("AAAA_-90");
        assert_eq!(ChannelName::parse(&own), Err(Reserved));
        assert_eq!((ChannelName::shown(&own), ChannelName::own_suffix(&own)), ("@client", Some("AAAA_-90")));
        assert_eq!(
            (ChannelName::shown("@clients"), ChannelName::own_suffix("a/@client/b")),
            ("@clients", None)
        );
    }
}
