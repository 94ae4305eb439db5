//! What a request for a static file gets; `io/files.rs` does the reading.  Pure: values in, a [`Plan`] out.
//! Law: what is sent lies within the file, and no path that is handed out has a name that begins with a dot.

use super::problem::Problem;
use super::{FileError, Opened};
use crate::http::Method;
use crate::http::conditional::{if_none_match, if_range, is_unmodified_since};
use crate::http::date::http_date;
use crate::http::range::{RangeOutcome, parse_range};
use core::ops::Range;
use std::borrow::Cow;

/// What a directory is represented by.
const INDEX: &str = "index.html";

/// The fields of a request that bear on what is sent of a file.
#[derive(Copy, Clone, Debug)]
pub struct Asked<'a> {
    /// `GET` or `HEAD`; whatever else is refused before.
    pub method: Method,
    /// The value of `If-None-Match`.
    pub if_none_match: Option<&'a [u8]>,
    /// The value of `If-Modified-Since`.
    pub if_modified_since: Option<&'a [u8]>,
    /// The value of `Range`.
    pub range: Option<&'a [u8]>,
    /// The value of `If-Range`.
    pub if_range: Option<&'a [u8]>,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// 200, 206, 304, or 416, for which the answer is [`unsatisfiable`].
    pub status: u16,
    /// The fields besides `Content-Length` and those of every response.
    pub fields: Vec<(&'static str, Cow<'static, str>)>,
    /// `Content-Length`; `None` with 304 and 416.
    pub content_length: Option<u64>,
    /// The bytes of the file to send, none for HEAD.
    pub send: Range<u64>,
}

/// The file that a path stands for, relative to the directory. `path` is decoded and begins with a slash. `None`: there
/// is nothing under such a path.
pub fn locate(path: &str) -> Option<Box<str>> {
    let relative = path.strip_prefix('/')?;
    let (names, is_directory) = match relative.strip_suffix('/') {
        Some(names) => (names, true),
        None => (relative, relative.is_empty()),
    };
    if !relative.is_empty() && names.split('/').any(|name| name.is_empty() || name.starts_with('.')) {
        return None;
    }
    Some(match (is_directory, names) {
        (false, _) => names.into(),
        (true, "") => INDEX.into(),
        (true, _) => format!("{names}/{INDEX}").into(),
    })
}

/// Where a directory is that was asked for without a slash at the end, which its relative links need. `raw_path` is as it
/// came, of a path that [`locate`] took, so it does not begin with two slashes, which would name another host.
pub fn slash_location(raw_path: &str, query: Option<&str>) -> String {
    match query {
        Some(query) => format!("{raw_path}/?{query}"),
        None => format!("{raw_path}/"),
    }
}

/// What is answered where a file cannot be sent. A directory is redirected if it was asked for without a slash; one that
/// has no index is not there. What may not be read is not there either: nobody is told of it.
pub fn refusal(error: FileError) -> Problem {
    match error {
        FileError::NotFound | FileError::Forbidden | FileError::Directory => {
            Problem::new(404, "there is no such file or resource")
        }
        FileError::Shortage => Problem::new(503, "the server has as many files open as it may; try again"),
        FileError::Io => Problem::new(500, "the file cannot be read at present"),
    }
}

/// What a range gets of which no byte lies within the file (RFC 9110 section 15.5.17).
pub fn unsatisfiable(file: Opened) -> Problem {
    let length = format!("bytes */{}", file.len);
    Problem::new(416, "the range begins behind the end of the file; Content-Range tells how long it is")
        .with("Content-Range", length)
}

/// What is sent of the file at `path`, as [`locate`] gave it, at `now_unix_s`.
pub fn plan(asked: &Asked<'_>, path: &str, file: Opened, now_unix_s: u64) -> Plan {
    let etag = etag(file);
    let outcome = judge(asked, &etag, file, now_unix_s);
    let mut fields = vec![
        ("ETag", Cow::Owned(etag)),
        // A date in the future says nothing (RFC 9110 section 8.8.2.1).
        ("Last-Modified", http_date(file.modified_unix_s.min(now_unix_s)).to_string().into()),
        // Kept, and asked for again each time: an edited page shows at the next load.
        ("Cache-Control", "no-cache".into()),
        ("X-Content-Type-Options", "nosniff".into()),
    ];
    if matches!(outcome, Outcome::Part(_) | Outcome::Whole) {
        fields.push(("Accept-Ranges", "bytes".into()));
    }
    match outcome {
        Outcome::NotModified => Plan { status: 304, fields, content_length: None, send: 0..0 },
        Outcome::Unsatisfiable => Plan { status: 416, fields: vec![], content_length: None, send: 0..0 },
        Outcome::Part(part) => {
            fields.push(("Content-Type", content_type(path)));
            let shown = format!("bytes {}-{}/{}", part.start, part.end - 1, file.len);
            fields.push(("Content-Range", shown.into()));
            Plan { status: 206, fields, content_length: Some(part.end - part.start), send: part }
        }
        Outcome::Whole => {
            fields.push(("Content-Type", content_type(path)));
            let send = if asked.method == Method::Head { 0..0 } else { 0..file.len };
            Plan { status: 200, fields, content_length: Some(file.len), send }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Outcome {
    NotModified,
    Unsatisfiable,
    /// Not empty.
    Part(Range<u64>),
    Whole,
}

/// The order of RFC 9110 section 13.2.2.
fn judge(asked: &Asked<'_>, etag: &str, file: Opened, now_unix_s: u64) -> Outcome {
    let has_it = match (asked.if_none_match, asked.if_modified_since) {
        (Some(tags), _) => if_none_match(tags, etag),
        (None, Some(date)) => is_unmodified_since(date, file.modified_unix_s),
        (None, None) => false,
    };
    if has_it {
        return Outcome::NotModified;
    }
    // Range is defined for GET alone (RFC 9110 section 14.2).
    let Some(range) = asked.range.filter(|_| asked.method == Method::Get) else { return Outcome::Whole };
    // A file that changed within this second may change again and keep its date (RFC 9110 section 8.8.2.2).
    let settled = file.modified_unix_s.saturating_add(1) < now_unix_s;
    if asked.if_range.is_some_and(|value| !settled || !if_range(value, etag, file.modified_unix_s)) {
        return Outcome::Whole;
    }
    match parse_range(range, file.len) {
        RangeOutcome::Whole => Outcome::Whole,
        RangeOutcome::Single(part) => Outcome::Part(part),
        RangeOutcome::Unsatisfiable => Outcome::Unsatisfiable,
    }
}

/// Weak, because a file can change twice in one second and keep its length.
fn etag(file: Opened) -> String {
    format!("W/\"{:x}-{:x}\"", file.modified_unix_s, file.len)
}

/// By the name's extension. Text is taken to be UTF-8: browsers would guess otherwise.
fn content_type(path: &str) -> Cow<'static, str> {
    match mime_guess::from_path(path).first_raw() {
        Some(text) if text.starts_with("text/") || text == "application/javascript" => {
            format!("{text}; charset=utf-8").into()
        }
        Some(other) => other.into(),
        None => "application/octet-stream".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Opened = Opened { len: 10, modified_unix_s: 784_111_777 };
    const DATE: &[u8] = b"Sun, 06 Nov 1994 08:49:37 GMT";
    const NOW: u64 = 1_763_687_000;
    const PLAIN: Asked<'static> = Asked {
        method: Method::Get,
        if_none_match: None,
        if_modified_since: None,
        range: None,
        if_range: None,
    };

    fn field<'p>(plan: &'p Plan, name: &str) -> Option<&'p str> {
        plan.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    fn at(asked: Asked<'_>, file: Opened) -> (u16, Option<u64>, Range<u64>) {
        let plan = plan(&asked, "a.txt", file, NOW);
        (plan.status, plan.content_length, plan.send)
    }

    #[test]
    fn a_path_names_a_file_or_nothing() {
        for (path, file) in [
            ("/", Some("index.html")),
            ("/a.txt", Some("a.txt")),
            ("/a b/ä.txt", Some("a b/ä.txt")),
            ("/sub/", Some("sub/index.html")),
            ("/sub/deep/", Some("sub/deep/index.html")),
            ("/a..b", Some("a..b")),
            ("/sub", Some("sub")),
            ("", None),
            ("*", None),
            ("a", None),
            ("//", None),
            ("//evil.example", None),
            ("/a//b", None),
            ("/a//", None),
            ("/..", None),
            ("/../", None),
            ("/a/../b", None),
            ("/./a", None),
            ("/.", None),
            ("/.env", None),
            ("/.git/config", None),
            ("/a/.b/c", None),
        ] {
            assert_eq!(locate(path).as_deref(), file, "{path:?}");
        }
    }

    #[test]
    fn a_file_is_sent_whole_with_its_validators() {
        let plan = plan(&PLAIN, "sub/index.html", FILE, NOW);
        assert_eq!((plan.status, plan.content_length, plan.send.clone()), (200, Some(10), 0..10));
        for (name, value) in [
            ("Content-Type", "text/html; charset=utf-8"),
            ("ETag", "W/\"2ebc98a1-a\""),
            ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("Accept-Ranges", "bytes"),
            ("X-Content-Type-Options", "nosniff"),
        ] {
            let shown = field(&plan, name);
            assert_eq!(shown, Some(value), "{name}");
        }
        assert_eq!(at(Asked { method: Method::Head, ..PLAIN }, FILE), (200, Some(10), 0..0));
    }

    #[test]
    fn who_has_it_is_told_so() {
        let etag = etag(FILE);
        for method in [Method::Get, Method::Head] {
            for (if_none_match, if_modified_since, status) in [
                (Some(etag.as_bytes()), None, 304),
                (Some(&b"*"[..]), None, 304),
                (Some(&b"\"x\""[..]), None, 200),
                (Some(&b"\"x\""[..]), Some(DATE), 200),
                (None, Some(DATE), 304),
                (None, Some(&b"Sun, 06 Nov 1994 08:49:36 GMT"[..]), 200),
                (None, Some(&b"yesterday"[..]), 200),
            ] {
                let asked = Asked { method, if_none_match, if_modified_since, ..PLAIN };
                assert_eq!(plan(&asked, "a", FILE, NOW).status, status, "{asked:?}");
            }
        }
        let asked = Asked { if_none_match: Some(b"*"), range: Some(b"bytes=0-1"), ..PLAIN };
        assert_eq!(at(asked, FILE), (304, None, 0..0));
    }

    #[test]
    fn a_range_is_sent_if_it_lies_in_the_file() {
        let ranged = |range: &'static [u8]| Asked { range: Some(range), ..PLAIN };
        assert_eq!(at(ranged(b"bytes=2-4"), FILE), (206, Some(3), 2..5));
        assert_eq!(at(ranged(b"bytes=-4"), FILE), (206, Some(4), 6..10));
        assert_eq!(at(ranged(b"bytes=10-"), FILE), (416, None, 0..0));
        assert_eq!(at(ranged(b"bytes=x"), FILE), (200, Some(10), 0..10));
        assert_eq!(at(ranged(b"bytes=0-1,3-4"), FILE), (200, Some(10), 0..10));
        assert_eq!(at(Asked { method: Method::Head, ..ranged(b"bytes=2-4") }, FILE), (200, Some(10), 0..0));
        let plan_of = |range| plan(&ranged(range), "a", FILE, NOW);
        assert_eq!(field(&plan_of(b"bytes=2-4"), "Content-Range"), Some("bytes 2-4/10"));
        let told = unsatisfiable(FILE).field.expect("it tells the length");
        assert_eq!((told.0, &*told.1), ("Content-Range", "bytes */10"));
        let empty = Opened { len: 0, ..FILE };
        assert_eq!(at(PLAIN, empty), (200, Some(0), 0..0));
        assert_eq!(at(ranged(b"bytes=0-"), empty), (416, None, 0..0));
    }

    #[test]
    fn a_part_is_sent_only_of_what_the_client_has_the_rest_of() {
        let etag = etag(FILE);
        let fresh = Opened { modified_unix_s: NOW, ..FILE };
        let fresh_date = http_date(NOW).to_string();
        for (if_range, file, status) in [
            (DATE, FILE, 206),
            (&b"Sun, 06 Nov 1994 08:49:38 GMT"[..], FILE, 200),
            (etag.as_bytes(), FILE, 200), // weak tags never fit here
            (fresh_date.as_bytes(), fresh, 200),
        ] {
            let asked = Asked { range: Some(b"bytes=0-1"), if_range: Some(if_range), ..PLAIN };
            assert_eq!(at(asked, file).0, status, "{asked:?}");
        }
    }

    #[test]
    fn types_follow_the_name_and_text_is_utf8() {
        for (path, kind) in [
            ("a.html", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.PNG", "image/png"),
            ("a.wasm", "application/wasm"),
            ("a", "application/octet-stream"),
            ("a.html/b", "application/octet-stream"),
        ] {
            assert_eq!(content_type(path), kind, "{path}");
        }
    }

    #[test]
    fn a_directory_is_found_behind_a_slash() {
        assert_eq!(slash_location("/sub%20x", None), "/sub%20x/");
        assert_eq!(slash_location("/sub", Some("a=b")), "/sub/?a=b");
    }

    #[test]
    fn a_date_in_the_future_is_not_told() {
        let later = Opened { modified_unix_s: NOW + 1000, ..FILE };
        assert_eq!(
            field(&plan(&PLAIN, "a", later, NOW), "Last-Modified"),
            Some(&*http_date(NOW).to_string())
        );
    }
}
