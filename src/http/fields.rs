//! Header fields (RFC 9112 section 5), parsed by httparse and looked up by name.  Law: names compare without case,
//! values come trimmed and without control characters, order is the order sent.

use super::head_error::HeadError;
use super::syntax;
use crate::limits::HEADERS_MAX;

/// Room for the fields of one head, on the caller's stack.
pub type Storage<'b> = [httparse::Header<'b>; HEADERS_MAX];

/// Empty room for the fields of one head.
pub fn storage<'b>() -> Storage<'b> {
    [httparse::EMPTY_HEADER; HEADERS_MAX]
}

/// The fields of one head.
#[derive(Copy, Clone, Debug)]
pub struct Headers<'h, 'b> {
    fields: &'h [httparse::Header<'b>],
}

/// Takes apart the lines after the request line, the blank line included. The lines end with CR LF already.
pub(super) fn parse<'h, 'b>(
    lines: &'b [u8],
    storage: &'h mut Storage<'b>,
) -> Result<Headers<'h, 'b>, HeadError> {
    match httparse::parse_headers(lines, storage) {
        Ok(httparse::Status::Complete((length, fields))) if length == lines.len() => Ok(Headers { fields }),
        Ok(_) => Err(HeadError::FieldName),
        Err(httparse::Error::TooManyHeaders) => Err(HeadError::TooManyFields),
        Err(httparse::Error::HeaderValue) => Err(HeadError::FieldValue),
        Err(_) => Err(HeadError::FieldName),
    }
}

impl<'h, 'b> Headers<'h, 'b> {
    /// Every field as name and value.
    pub fn iter(self) -> impl Iterator<Item = (&'b str, &'b [u8])> + use<'h, 'b> {
        self.fields.iter().map(|field| (field.name, field.value))
    }

    /// The value of the first field called `name`.
    pub fn get(self, name: &str) -> Option<&'b [u8]> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }

    /// The values of all fields called `name`.
    pub fn all<'n>(self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + use<'h, 'b, 'n> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }

    /// Is there a field called `name`?
    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value of the field called `name` if it is there exactly once.
    pub fn only(self, name: &str) -> Option<&'b [u8]> {
        let mut values = self.all(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The value of the first field called `name`, if it is UTF-8.
    pub fn text(self, name: &str) -> Option<&'b str> {
        str::from_utf8(self.get(name)?).ok()
    }

    /// The elements of the comma lists in all fields called `name`, trimmed; empty ones and ones that are not UTF-8
    /// left out.
    pub fn tokens<'n>(self, name: &'n str) -> impl Iterator<Item = &'b str> + use<'h, 'b, 'n> {
        self.all(name).flat_map(syntax::list).filter_map(|element| str::from_utf8(element).ok())
    }
}
