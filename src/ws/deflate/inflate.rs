//! A client's compressed message to its payload (RFC 7692 section 7.2.2).  Law: each message stands alone, what comes
//! out never takes more than the bound, and a message that is not whole is an error and not a shorter payload.
//! Knows nothing of frames and of UTF-8.

use super::{TAIL, WindowBits};
use crate::ws::close::CloseCode;
use flate2::{Decompress, FlushDecompress, Status};

/// What is wrong with a compressed message.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum InflateError {
    /// More would come out than the bound allows.
    TooBig,
    /// No DEFLATE data, or not all of it, or more than that.
    Malformed,
}

impl InflateError {
    /// The code to close with. RFC 7692 names none for data that cannot be inflated; RFC 6455 section 7.4.1 has 1007
    /// for data that is not what its message says, and so have the widely used servers.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            InflateError::TooBig => CloseCode::TOO_BIG,
            InflateError::Malformed => CloseCode::INVALID_PAYLOAD,
        }
    }

    /// What was wrong, for the log and the peer; short enough for a close frame.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            InflateError::TooBig => "a message over the bound when inflated",
            InflateError::Malformed => "compressed data that cannot be inflated",
        }
    }
}

/// Inflates the messages of every connection, one after the other: the clients take no context over.
pub struct Inflater {
    machine: Decompress,
    /// Where the machine writes.
    scratch: Box<[u8]>,
    work_bytes: u64,
}

/// Bytes that are inflated at a time: the window, which the machine keeps up to date after each.
const SCRATCH_BYTES: usize = 32 << 10;

/// What is put behind a message's data, to see that it ends where it should: the lengths of the empty block that the
/// sender left out, then an empty final block.
const ENDING: [u8; 9] = [TAIL[0], TAIL[1], TAIL[2], TAIL[3], 0x01, 0x00, 0x00, 0xff, 0xff];

impl Inflater {
    /// Ready for any message. Takes about 80 KiB.
    #[must_use]
    pub fn new() -> Inflater {
        Inflater {
            // The largest window: whatever window a client compresses with, its distances fit.
            machine: Decompress::new_with_window_bits(false, WindowBits::MAX.get()),
            scratch: vec![0; SCRATCH_BYTES].into(),
            work_bytes: 0,
        }
    }

    /// The payload of a message whose frames have the payload `compressed` together. What is reserved for it follows
    /// what comes out, and is at most `max` bytes.
    ///
    /// A message may have final blocks, in its middle as well (section 7.2.1): what follows one begins at the next
    /// byte. One that ends right behind a final block lacks the empty block of section 7.2.3.4; it is taken all the
    /// same, as others do, and so is one of no bytes at all.
    ///
    /// # Errors
    /// It is more than `max` bytes, or no whole message.
    pub fn inflate(&mut self, compressed: &[u8], max: usize) -> Result<Vec<u8>, InflateError> {
        self.work_bytes += compressed.len() as u64;
        let mut payload = Vec::new();
        let mut left = compressed;
        while !left.is_empty() {
            self.machine.reset(false);
            if self.run(&mut left, &mut payload, max)? == Stop::Hungry {
                return self.check_end(&mut payload, max).map(|()| payload);
            }
        }
        Ok(payload)
    }

    /// Bytes that went in and came out so far, of all messages: what the inflater had to do.
    #[must_use]
    pub fn work_bytes(&self) -> u64 {
        self.work_bytes
    }

    /// All of `input` is taken: did it end as a message ends?
    fn check_end(&mut self, payload: &mut Vec<u8>, max: usize) -> Result<(), InflateError> {
        let len = payload.len();
        let mut ending = &ENDING[..];
        let stop = self.run(&mut ending, payload, max)?;
        // If the block whose lengths were left out is a final one itself, nothing is read behind it.
        let is_read = ending.is_empty() || ending.len() == ENDING.len() - TAIL.len();
        let is_whole = stop == Stop::FinalBlock && is_read && payload.len() == len;
        if is_whole { Ok(()) } else { Err(InflateError::Malformed) }
    }

    /// Inflates `input` until it is all taken or a final block ends.
    fn run(&mut self, input: &mut &[u8], payload: &mut Vec<u8>, max: usize) -> Result<Stop, InflateError> {
        loop {
            let (taken, made) = (self.machine.total_in(), self.machine.total_out());
            let status = self.machine.decompress(input, &mut self.scratch, FlushDecompress::None);
            let status = status.map_err(|_| InflateError::Malformed)?;
            let taken = (self.machine.total_in() - taken) as usize;
            let made = (self.machine.total_out() - made) as usize;
            *input = &input[taken..];
            self.work_bytes += made as u64;
            append(payload, &self.scratch[..made], max)?;
            if status == Status::StreamEnd {
                return Ok(Stop::FinalBlock);
            }
            // With room left in the scratch there is nothing more in it.
            if made < self.scratch.len() {
                return Ok(Stop::Hungry);
            }
        }
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Inflater::new()
    }
}

impl core::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Inflater").field("work_bytes", &self.work_bytes).finish_non_exhaustive()
    }
}

/// Why the machine came to a stop.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Stop {
    /// All of the input is taken.
    Hungry,
    /// A final block ended; there may be more input.
    FinalBlock,
}

/// Appends `part`. Doubles what is reserved, but never beyond the bound.
fn append(payload: &mut Vec<u8>, part: &[u8], max: usize) -> Result<(), InflateError> {
    let needed = payload.len() + part.len();
    if needed > max {
        return Err(InflateError::TooBig);
    }
    if needed > payload.capacity() {
        let target = needed.max(payload.capacity().saturating_mul(2)).min(max);
        payload.reserve_exact(target - payload.len());
    }
    payload.extend_from_slice(part);
    Ok(())
}
