//! Payloads to what stands in compressed frames (RFC 7692 section 7.2.1).  Law: each message is compressed by itself,
//! so one compressor for each size of window serves every connection.  Knows nothing of frames, and not whether it pays.

use super::{TAIL, WindowBits};
use core::fmt;
use flate2::{Compress, Compression, FlushCompress};

/// One compressor for each size of window, made when it is first asked for; each takes 250 KiB (9) to 370 KiB (15).
pub struct Compressors {
    made: [Option<Compress>; SIZES],
    /// Where a compressor writes.
    scratch: Box<[u8]>,
    /// What came of the last message.
    out: Vec<u8>,
    work_bytes: u64,
}

const SIZES: usize = (WindowBits::MAX.get() - WindowBits::MIN.get()) as usize + 1;
const SCRATCH_BYTES: usize = 32 << 10;
/// What is kept for the next message.
const OUT_BYTES_KEPT: usize = 128 << 10;

/// Of zlib's levels 1 to 9. For JSON of 1 KiB to 1 MiB with the largest window, 4 makes within 7 % of what 6 and 9 make,
/// in the same time for small messages and in less than half for large ones; 1 is three times as fast, but makes a third
/// to two thirds more.
const LEVEL: u32 = 4;

impl Compressors {
    /// None made yet.
    #[must_use]
    pub fn new() -> Compressors {
        Compressors { made: [const { None }; SIZES], scratch: Box::default(), out: Vec::new(), work_bytes: 0 }
    }

    /// `payload` as the payload of one or more compressed frames, for a reader with that window.
    pub fn compress(&mut self, payload: &[u8], window: WindowBits) -> &[u8] {
        self.work_bytes += payload.len() as u64;
        if self.scratch.is_empty() {
            self.scratch = vec![0; SCRATCH_BYTES].into();
        }
        self.out.clear();
        self.out.shrink_to(OUT_BYTES_KEPT);
        let index = usize::from(window.get() - WindowBits::MIN.get());
        let machine = self.made[index].get_or_insert_with(|| {
            Compress::new_with_window_bits(Compression::new(LEVEL), false, window.get())
        });
        machine.reset();
        run(machine, payload, &mut self.scratch, &mut self.out);
        self.out.strip_suffix(&TAIL).expect("a flush ends with an empty block")
    }

    /// Bytes of payload that were compressed so far.
    #[must_use]
    pub fn work_bytes(&self) -> u64 {
        self.work_bytes
    }
}

impl Default for Compressors {
    fn default() -> Self {
        Compressors::new()
    }
}

impl fmt::Debug for Compressors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressors").field("work_bytes", &self.work_bytes).finish_non_exhaustive()
    }
}

/// Compresses all of `payload` and flushes.
fn run(machine: &mut Compress, mut payload: &[u8], scratch: &mut [u8], out: &mut Vec<u8>) {
    loop {
        let (taken, made) = (machine.total_in(), machine.total_out());
        machine.compress(payload, scratch, FlushCompress::Sync).expect("any bytes can be compressed");
        payload = &payload[(machine.total_in() - taken) as usize..];
        let made = (machine.total_out() - made) as usize;
        out.extend_from_slice(&scratch[..made]);
        // With room left in the scratch all was flushed.
        if made < scratch.len() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressor_is_made_when_it_is_first_asked_for_and_work_is_counted() {
        let mut compressors = Compressors::new();
        let made = |compressors: &Compressors| compressors.made.iter().filter(|made| made.is_some()).count();
        assert_eq!(made(&compressors), 0);
        for _ in 0..3 {
            compressors.compress(b"Hello", WindowBits::MAX);
            assert_eq!(made(&compressors), 1);
        }
        compressors.compress(b"Hello", WindowBits::MIN);
        assert_eq!(made(&compressors), 2);
        assert_eq!(compressors.work_bytes(), 20);
        let noise: Vec<u8> =
            (0..1_u32 << 18).flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_be_bytes()).collect();
        assert!(compressors.compress(&noise, WindowBits::MAX).len() > OUT_BYTES_KEPT);
        compressors.compress(b"Hello", WindowBits::MAX);
        assert!(compressors.out.capacity() <= OUT_BYTES_KEPT, "a large message leaves nothing large behind");
    }
}
