//! Chunk extensions (RFC 9112 section 7.1.1), checked byte by byte and thrown away.  Law: a line break never stands
//! inside one, also not in a quoted string, for readers that skip to the next LF would see another chunk there.

use super::syntax::{is_field_byte, is_tchar};

/// Where in `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` a reader stands.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Extension {
    /// Right after the size or a quoted value.
    Before,
    /// After `;`, before the name.
    NameStart,
    Name,
    /// In the whitespace after a name.
    NameEnd,
    /// After `=`, before the value.
    ValueStart,
    Token,
    Quoted,
    /// After a backslash in a quoted string.
    Escaped,
    /// In the whitespace after a size or a value: only `;` may follow.
    Space,
}

impl Extension {
    /// Where `b` leads; `None` if it may not stand here.
    pub fn step(self, b: u8) -> Option<Extension> {
        use Extension::*;
        let blank = matches!(b, b' ' | b'\t');
        match self {
            Before | Space if b == b';' => Some(NameStart),
            Before | Space if blank => Some(Space),
            NameStart if blank => Some(NameStart),
            NameStart | Name if is_tchar(b) => Some(Name),
            Name | NameEnd if b == b'=' => Some(ValueStart),
            Name | NameEnd if b == b';' => Some(NameStart),
            Name | NameEnd if blank => Some(NameEnd),
            ValueStart if blank => Some(ValueStart),
            ValueStart if b == b'"' => Some(Quoted),
            ValueStart | Token if is_tchar(b) => Some(Token),
            Token if b == b';' => Some(NameStart),
            Token if blank => Some(Space),
            Quoted if b == b'"' => Some(Before),
            Quoted if b == b'\\' => Some(Escaped),
            Quoted | Escaped if is_field_byte(b) => Some(Quoted),
            Before | NameStart | Name | NameEnd | ValueStart | Token | Quoted | Escaped | Space => None,
        }
    }

    /// May the line end here?
    pub fn may_end(self) -> bool {
        matches!(self, Extension::Before | Extension::Name | Extension::Token)
    }
}
