//! Batches as a call of a function the page names (JSONP).  Law: what is written is one call of that function with one
//! argument. The batch itself is [`poll`](super::poll)'s.

use super::json::{self, Escape};

/// Bytes of a callback's name.
const CALLBACK_BYTES_MAX: usize = 128;
/// Names with dots between them.
const CALLBACK_NAMES_MAX: usize = 8;

/// Is this `[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*){0,7}`, at most 128 bytes?
pub fn is_callback(text: &str) -> bool {
    text.len() <= CALLBACK_BYTES_MAX
        && text.split('.').count() <= CALLBACK_NAMES_MAX
        && text.split('.').all(is_identifier)
}

fn is_identifier(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
        && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

/// What stands before the argument. The comment keeps the first bytes of the body, which may be taken for another
/// kind of file, out of the caller's hands.
pub fn open_call(out: &mut Vec<u8>, callback: &str) {
    for part in ["/**/", callback, "("] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// What stands after the argument.
pub fn close_call(out: &mut Vec<u8>) {
    out.extend_from_slice(b");");
}

/// An error as the argument: a script element cannot read a status. `problem` is a JSON object (RFC 9457).
pub fn error(out: &mut Vec<u8>, callback: &str, problem: &[u8]) {
    open_call(out, callback);
    out.extend_from_slice(b"{\"error\":");
    json::value(out, problem, Escape::Script);
    out.push(b'}');
    close_call(out);
}

#[cfg(test)]
mod tests {
    use super::super::check::written;
    use super::*;

    #[test]
    fn a_callback_is_a_path_of_plain_names() {
        let longest = "a".repeat(128);
        for good in ["cb", "_", "$", "a.b", "jQuery1_2.$x._y", "a.b.c.d.e.f.g.h", &longest] {
            assert!(is_callback(good), "{good:?}");
        }
        let too_long = "a".repeat(129);
        let bad = [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "1a",
            "a.1",
            "a b",
            "a(b",
            "a;b",
            "a[0]",
            "é",
            "a\n",
            "a.b.c.d.e.f.g.h.i",
            "<script>",
            "a\u{2028}",
            &too_long,
        ];
        for bad in bad {
            assert!(!is_callback(bad), "{bad:?}");
        }
    }

    #[test]
    fn an_error_is_the_argument() {
        let out = written(|out| error(out, "a.b", br#"{"title":"Bad Request","detail":"</script>"}"#));
        assert_eq!(out, r#"/**/a.b({"error":{"title":"Bad Request","detail":"\u003c/script\u003e"}});"#);
    }
}
