//! What stands in single fields, parameters and names, fed arbitrary bytes.

use crate::channel_name::ChannelName;
use crate::http::{
    self, Authority, MediaType, Origin, Query, RangeOutcome, accept, conditional, decode_path,
};
use crate::message::{ClientId, MessageId};
use crate::transport::jsonp;
use core::fmt::Display;
use core::str::FromStr;

/// Law: every value can be read, and what is taken for well formed keeps its promise: it prints as it was read, lies
/// within its bounds, and may stand where it is put (a header, a script, JSON) without escaping.
pub fn fields(data: &[u8]) {
    values(data);
    let Ok(text) = core::str::from_utf8(data) else { return };
    prints_as_read::<MessageId>(text);
    if let Some(client) = prints_as_read::<ClientId>(text) {
        assert_eq!(client.to_string(), text, "an id has one form");
    }
    if let Ok(name) = ChannelName::parse(text) {
        assert_eq!(&*name, text);
        assert!((1..=255).contains(&text.len()) && is_plain(text) && !text.contains(['?', '#', '%']));
    }
    assert!(!jsonp::is_callback(text) || (is_plain(text) && text.len() <= 128 && !text.is_empty()));
    if let Some(media) = MediaType::parse(text) {
        let shown = media.as_str();
        assert!(shown.len() <= 128 && shown.starts_with(media.essence()) && !shown.contains(['\r', '\n']));
        assert!(media.is(&media.essence().to_ascii_uppercase()));
    }
    addresses(text);
    targets(text);
}

fn values(data: &[u8]) {
    let alone = || core::iter::once(data);
    let quality = accept::accepts(alone(), "text/event-stream");
    assert!(quality.0 <= 1000);
    if accept::names(alone(), "text/event-stream") {
        assert!(quality.is_acceptable(), "what is named is accepted");
    }
    // RFC 9110 section 5.3: a list may be spread over several fields.
    if !data.contains(&b'"') {
        let spread = || data.split(|&b| b == b',');
        assert_eq!(accept::accepts(spread(), "text/event-stream"), quality);
        assert_eq!(http::prefer_wait(spread()), http::prefer_wait(alone()));
    }
    if let Some(tag) = conditional::single_cursor_tag(data) {
        assert!(conditional::if_none_match(data, &format!("\"{tag}\"")), "a tag matches itself");
    }
    conditional::is_unmodified_since(data, 0);
    conditional::if_range(data, "\"a\"", 0);
    for len in [0, 1, 1000, u64::MAX] {
        if let RangeOutcome::Single(range) = http::parse_range(data, len) {
            assert!(range.start < range.end && range.end <= len);
        }
    }
}

fn addresses(text: &str) {
    if let Some(Authority { host, .. }) = Authority::parse(text) {
        assert!(!host.is_empty() && text.starts_with(host) && !host.contains(['/', '@', ' ', '"', '<']));
        http::is_loopback_host(host);
        assert!(http::same_origin(&format!("http://{host}"), host));
    }
    if let Some(origin) = Origin::parse(text) {
        assert!(text.contains("://") && is_plain(text) && !origin.host.is_empty());
    }
}

fn targets(text: &str) {
    if let Ok(path) = decode_path(text) {
        assert!(!path.contains('\0') && path.len() <= text.len());
    }
    for pair in Query::pairs(text) {
        assert!(
            pair.is_err() || pair.is_ok_and(|(name, value)| !name.contains('\0') && !value.contains('\0'))
        );
    }
}

fn prints_as_read<T: FromStr + Display + PartialEq>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    assert!(value.to_string().parse::<T>().is_ok_and(|again| again == value), "{text}");
    Some(value)
}

/// Nothing that a header, a script or JSON could take for the end of a text.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>\\`".contains(&b))
}
