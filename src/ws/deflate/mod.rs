//! permessage-deflate (RFC 7692): messages compressed one by one.  Law: no context is taken over in either direction,
//! so one inflater and one compressor for each window serve everybody, and a connection keeps no window.
//! Knows nothing of frames; [`super::message`] and whoever writes frames hand it payloads.
//!
//! - [`offer`]: what the client offers in its handshake, and what it is answered
//! - [`inflate`]: a client's compressed message to its payload, bounded as it grows
//! - [`compress`]: a payload to what stands in a compressed frame

pub mod compress;
pub mod inflate;
pub mod offer;

pub use compress::Compressors;
pub use inflate::{InflateError, Inflater};
pub use offer::{Agreement, negotiate};

use core::num::NonZeroU8;

/// The extension's name.
pub const NAME: &str = "permessage-deflate";

/// The size of an LZ77 window that we compress with, as the power of two of its bytes: 9 to 15. The RFC knows 8 as
/// well, but zlib cannot make it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(NonZeroU8);

impl WindowBits {
    /// The least that zlib can make.
    pub const MIN: WindowBits = WindowBits(NonZeroU8::new(9).expect("9 is not 0"));
    /// All that DEFLATE has, and what counts where nobody says anything.
    pub const MAX: WindowBits = WindowBits(NonZeroU8::new(15).expect("15 is not 0"));

    /// `None`: zlib cannot make it.
    #[must_use]
    pub fn new(bits: u8) -> Option<WindowBits> {
        let bits = NonZeroU8::new(bits).map(WindowBits)?;
        (WindowBits::MIN..=WindowBits::MAX).contains(&bits).then_some(bits)
    }

    /// 9 to 15.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0.get()
    }

    /// Every size, the smallest first.
    pub fn all() -> impl Iterator<Item = WindowBits> {
        (WindowBits::MIN.get()..=WindowBits::MAX.get()).filter_map(WindowBits::new)
    }
}

const _: () = assert!(size_of::<Option<WindowBits>>() == 1, "a connection keeps it");

/// What every compressed message would end with, and is left out of its frames (RFC 7692 section 7.2.1): the lengths
/// of an empty block without compression.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

#[cfg(test)]
mod tests;
