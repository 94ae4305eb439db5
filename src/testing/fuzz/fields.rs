//! What stands in single fields and parameters that have no target of their own, fed arbitrary bytes.

use crate::http::{self, Authority, MediaType, Origin, RangeOutcome, conditional};
use crate::transport::jsonp;

/// Law: every value can be read, and what is taken for well formed keeps its promise: it lies within its bounds, and
/// may stand where it is put (a header, a script, JSON) without escaping.
pub fn fields(data: &[u8]) {
    values(data);
    let Ok(text) = core::str::from_utf8(data) else { return };
    assert!(!jsonp::is_callback(text) || (is_plain(text) && text.len() <= 128 && !text.is_empty()));
    if let Some(media) = MediaType::parse(text) {
        let shown = media.as_str();
        assert!(shown.len() <= 128 && shown.starts_with(media.essence()) && !shown.contains(['\r', '\n']));
        assert!(media.is(&media.essence().to_ascii_uppercase()));
    }
    addresses(text);
}

fn values(data: &[u8]) {
    // RFC 9110 section 5.3: a list may be spread over several fields.
    if !data.contains(&b'"') {
        let spread = || data.split(|&b| b == b',');
        assert_eq!(http::prefer_wait(spread()), http::prefer_wait(core::iter::once(data)));
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

/// Nothing that a header, a script or JSON could take for the end of a text.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>\\`".contains(&b))
}
