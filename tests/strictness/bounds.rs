//! Heads at their bounds, and over them by one.

use crate::row::{HEAD_MAX, Row, check, get, row};

#[test]
fn bounds() {
    check(rows());
}

/// Fields that one head may have.
const FIELDS_MAX: usize = 100;

/// A request whose head has so many bytes.
fn of(length: usize) -> Vec<u8> {
    let bare = get("X: \r\n").len();
    get(&format!("X: {}\r\n", "x".repeat(length - bare)))
}

/// A request with so many fields.
fn fields(count: usize) -> Vec<u8> {
    get(&"X:\r\n".repeat(count - 1))
}

pub fn rows() -> Vec<Row> {
    let name = |length: usize| get(&format!("{}: x\r\n", "X".repeat(length)));
    let empty_line_first = [b"\r\n".as_slice(), &of(HEAD_MAX - 2)].concat();
    vec![
        row("a head at the bound", "6585 5", of(HEAD_MAX), "200 stays"),
        row("a head over the bound by one", "6585 5", of(HEAD_MAX + 1), "431 ends"),
        row("a head as long as may be, without its end", "6585 5", &of(HEAD_MAX + 1)[..HEAD_MAX], "431 ends"),
        row("a head one byte shorter, without its end", "6585 5", &of(HEAD_MAX)[..HEAD_MAX - 1], "waits"),
        row("a head over the bound twice", "6585 5", of(2 * HEAD_MAX), "431 ends"),
        row("a head at the bound with an empty line first", "6585 5", empty_line_first, "200 stays"),
        row(
            "a head at the bound behind another",
            "6585 5",
            [of(HEAD_MAX), of(HEAD_MAX)].concat(),
            "200 200 stays",
        ),
        row(
            "a head over the bound behind another",
            "6585 5",
            [of(HEAD_MAX), of(HEAD_MAX + 1)].concat(),
            "200 431 ends",
        ),
        row("a head that does not end", "6585 5", &get("")[..38], "waits"),
        row(
            "a field that does not end",
            "6585 5",
            [&get("")[..38], b"X: ", &[b'x'; HEAD_MAX]].concat(),
            "431 ends",
        ),
        row("a name that does not end", "6585 5", [&get("")[..38], &[b'x'; HEAD_MAX]].concat(), "431 ends"),
        row(
            "a request line that does not end",
            "9112 3",
            [b"GET /".as_slice(), &[b'x'; HEAD_MAX]].concat(),
            "414 ends",
        ),
        row("as many fields as may be", "6585 5", fields(FIELDS_MAX), "200 stays"),
        row("one field more than may be", "6585 5", fields(FIELDS_MAX + 1), "431 ends"),
        row("a long name", "9110 5.4", name(500), "200 stays"),
        row("a name beyond the bound", "9110 5.4", name(HEAD_MAX), "431 ends"),
    ]
}
