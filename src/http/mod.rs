//! L1: HTTP/1.1 (RFC 9110, RFC 9112), bytes to values and back.  Law: knows no socket, no clock, no hub, and does not
//! log; what two readers could read differently is refused.
//!
//! A request comes in through
//! - [`head`]: finds the end of a head, then parses it; refusals are [`head_error`]
//!   - [`request_line`], [`method`], [`target`] (paths and queries), [`fields`], [`framing`], [`authority`] (`Host`,
//!     `Origin`)
//! - [`body`]: takes the framing off a body, with [`chunk`] and [`chunk_extension`]
//!
//! and an answer goes out through
//! - [`response`]: status line and fields; [`date`]: the `Date` field; [`problem`]: the body of errors
//!
//! What single fields mean: [`accept`], [`conditional`], [`media_type`], [`prefer`], [`range`]; the grammar that they
//! share: [`syntax`].

pub mod accept;
pub mod authority;
pub mod body;
pub mod chunk;
pub mod chunk_extension;
pub mod conditional;
pub mod date;
pub mod fields;
pub mod framing;
pub mod head;
pub mod head_error;
pub mod media_type;
pub mod method;
pub mod prefer;
pub mod problem;
pub mod range;
pub mod request_line;
pub mod response;
pub mod syntax;
pub mod target;

pub use accept::Quality;
pub use authority::{Authority, Origin, is_loopback_host, same_origin};
pub use body::{BodyDecoder, BodyError, Decoded};
pub use date::{DateCache, http_date};
pub use fields::{Headers, Storage, storage};
pub use framing::Framing;
pub use head::{Head, HeadScanner, parse};
pub use head_error::HeadError;
pub use media_type::MediaType;
pub use method::{Method, Version};
pub use prefer::prefer_wait;
pub use problem::problem_json;
pub use range::{RangeOutcome, parse_range};
pub use response::{CONTINUE, Connection, ResponseBuilder, reason};
pub use target::{Query, Target, TargetError, decode_path};
