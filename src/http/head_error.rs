//! Why a request head is refused.  Law: after any of these the connection closes, for where the next request would
//! begin can only be guessed.

/// What was wrong with a request head; knows its answer.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// A line feed without a carriage return before it.
    BareLf,
    /// A carriage return without a line feed after it.
    BareCr,
    /// The method is no token, or nothing that begins like a request.
    Method,
    /// The method is longer than any that is implemented.
    MethodTooLong,
    /// Not three parts with one space between them.
    RequestLine,
    /// No form of request target, or not one for this method.
    Target,
    /// The target, or a request line that does not end, is longer than allowed.
    TargetTooLong,
    /// The version does not read `HTTP/` digit `.` digit.
    Version,
    /// A major version other than 1.
    VersionUnknown,
    /// A field line without a token and a colon first: space before the colon, a folded line, other bytes.
    FieldName,
    /// A control character in a field value.
    FieldValue,
    /// The head is longer than allowed.
    TooLarge,
    /// More fields than allowed.
    TooManyFields,
    /// HTTP/1.1 without `Host`.
    HostMissing,
    /// More than one `Host`.
    HostRepeated,
    /// `Host` is not a host with an optional port.
    HostMalformed,
    /// `Transfer-Encoding` that is not a list of codings with `chunked` once and last.
    TransferEncoding,
    /// `Transfer-Encoding` in HTTP/1.0.
    TransferEncodingIn10,
    /// A transfer coding besides `chunked`.
    TransferCodingUnknown,
    /// `Content-Length` together with `Transfer-Encoding`.
    LengthAndTransferEncoding,
    /// `Content-Length` that is not digits only.
    Length,
    /// More than one `Content-Length`.
    LengthRepeated,
    /// A `Content-Length` beyond 64 bits.
    LengthTooLarge,
    /// `Expect` with anything but `100-continue`.
    Expectation,
}

impl HeadError {
    /// The status to answer with.
    pub fn status(self) -> u16 {
        match self {
            Self::BareLf | Self::BareCr | Self::Method | Self::RequestLine | Self::Target | Self::Version => {
                400
            }
            Self::FieldName | Self::FieldValue => 400,
            Self::HostMissing | Self::HostRepeated | Self::HostMalformed => 400,
            Self::TransferEncoding | Self::TransferEncodingIn10 | Self::LengthAndTransferEncoding => 400,
            Self::Length | Self::LengthRepeated => 400,
            Self::LengthTooLarge => 413,
            Self::TargetTooLong => 414,
            Self::Expectation => 417,
            Self::TooLarge | Self::TooManyFields => 431,
            Self::TransferCodingUnknown | Self::MethodTooLong => 501,
            Self::VersionUnknown => 505,
        }
    }

    /// What was wrong and what would be right.
    pub fn detail(self) -> &'static str {
        match self {
            Self::BareLf => "a line ends with CR LF, not with LF alone",
            Self::BareCr => "a CR stands only before LF",
            Self::Method => "a request begins with a method, which is a token, and one space",
            Self::MethodTooLong => "a method has at most 32 bytes",
            Self::RequestLine => "a request line is method, target and version with one space between them",
            Self::Target => {
                "the target is a path that begins with /, or a whole http or https URL, or * for OPTIONS, \
                 of visible ASCII without #"
            }
            Self::TargetTooLong => "the request target is too long",
            Self::Version => "the version is HTTP/1.1 or HTTP/1.0",
            Self::VersionUnknown => "only HTTP/1.1 and HTTP/1.0 are spoken here",
            Self::FieldName => {
                "a header field is a name, a colon right after it, and a value on the same line; \
                 lines are not folded"
            }
            Self::FieldValue => "a header field value holds no control characters",
            Self::TooLarge => "the request head is too long",
            Self::TooManyFields => "the request has too many header fields",
            Self::HostMissing => "an HTTP/1.1 request has a Host field",
            Self::HostRepeated => "a request has one Host field only",
            Self::HostMalformed => "Host is a name or an address, optionally with a port",
            Self::TransferEncoding => "Transfer-Encoding is chunked, once",
            Self::TransferEncodingIn10 => "HTTP/1.0 has no Transfer-Encoding",
            Self::TransferCodingUnknown => "the only transfer coding understood here is chunked",
            Self::LengthAndTransferEncoding => "a request has Content-Length or Transfer-Encoding, not both",
            Self::Length => "Content-Length is a decimal number",
            Self::LengthRepeated => "a request has one Content-Length only",
            Self::LengthTooLarge => "the announced body is too long",
            Self::Expectation => "the only expectation understood here is 100-continue",
        }
    }
}
