//! What the server may hold.  Law: at every step it keeps within its limits, and when all have gone nothing is left.

use crate::limits::{CHUNK_BYTES_MAX, RECORD_BYTES, Settings};
use crate::testing::driver::World;

/// The limits hold.
pub fn check(world: &World, settings: &Settings) -> Result<(), String> {
    let stats = world.stats();
    // The newest message is kept whatever its size, so that those who listen get it.
    let one_message = settings.max_message + RECORD_BYTES + 1024;
    // One chunk is always cached: its last message may be larger than a chunk, in the widest encoding.
    let one_chunk = 8 * (CHUNK_BYTES_MAX + settings.max_message);
    let bounds = [
        ("retained_bytes", stats.retained_bytes, settings.retain_total + one_message),
        ("incoming_bytes", stats.incoming_bytes, settings.max_incoming),
        ("cached_bytes", stats.cached_bytes, settings.max_cache + one_chunk),
        ("pinned_bytes", stats.pinned_bytes, settings.max_pinned + stats.connections * one_chunk),
        ("connections", stats.connections, at_most(settings.max_connections)),
        ("parked", stats.parked, settings.max_parked),
        ("subscribers", stats.subscribers, stats.readers * settings.max_subscriptions),
    ];
    for (name, value, most) in bounds {
        if value > most {
            return Err(format!("{name} is {value} and may be {most}"));
        }
    }
    if stats.parked > stats.readers || stats.timers > stats.connections {
        return Err(format!("more polls than readers, or more timers than connections: {stats:?}"));
    }
    let open = stats.by_transport;
    let held = open.long_poll + open.poll + open.jsonp;
    if (open.total(), held) != (stats.readers, stats.parked) || stats.slow_readers > stats.readers {
        return Err(format!("readers are counted wrongly: {stats:?}"));
    }
    Ok(())
}

fn at_most(bound: usize) -> usize {
    if bound == 0 { usize::MAX } else { bound }
}

/// Nothing is left.
pub fn is_empty(world: &World) -> Result<(), String> {
    let stats = world.stats();
    let left = [
        ("connections", stats.connections),
        ("readers", stats.readers),
        ("subscribers", stats.subscribers),
        ("parked", stats.parked),
        ("timers", stats.timers),
        ("slow_readers", stats.slow_readers),
        ("pieces", stats.pieces),
        ("waiting", stats.waiting),
        ("incoming_bytes", stats.incoming_bytes),
        ("pinned_bytes", stats.pinned_bytes),
    ];
    match left.into_iter().find(|(_, count)| *count > 0) {
        Some((name, count)) => Err(format!("all have gone, and {name} is {count}: {stats:?}")),
        None => Ok(()),
    }
}
