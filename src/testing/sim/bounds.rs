//! What the server may hold.  Law: at every step it keeps within its limits, and when all have gone nothing is left.

use super::scenario::Scenario;
use crate::limits::{CHUNK_BYTES_MAX, RECORD_BYTES};
use crate::testing::driver::World;

/// Bytes of an envelope, or of what stands around a batch, besides the payload.
const AROUND_BYTES: usize = 1024;

/// The limits hold. `widest`: bytes of the largest payload that was sent, in its widest encoding.
pub fn check(world: &World, scenario: &Scenario, widest: usize) -> Result<(), String> {
    let settings = &scenario.settings;
    let stats = world.stats();
    // The newest message is kept whatever its size, so that those who listen get it.
    let one_message = widest + RECORD_BYTES + AROUND_BYTES;
    // One chunk is always cached: full but for its last message, and a quarter more for the places of short ones.
    let one_chunk = CHUNK_BYTES_MAX + CHUNK_BYTES_MAX / 4 + widest + AROUND_BYTES;
    // Several may be let in while one is on its way through a journal that delays; and a journal that is read anew
    // brings back what was past its age by a clock that has stepped back since.
    let is_exact = !scenario.is_journal_rough && !scenario.is_clock_rough;
    let channels_max = if is_exact { settings.max_channels } else { usize::MAX };
    let bounds = [
        ("retained_bytes", stats.retained_bytes, settings.retain_total + one_message),
        ("incoming_bytes", stats.incoming_bytes, settings.max_incoming),
        ("cached_bytes", stats.cached_bytes, settings.max_cache + one_chunk),
        ("pinned_bytes", stats.pinned_bytes, settings.max_pinned + stats.connections * one_chunk),
        ("connections", stats.connections, at_most(settings.max_connections)),
        ("channels", stats.channels, channels_max),
        ("parked", stats.parked, settings.max_parked),
        ("sessions", stats.sessions, settings.max_sessions),
        ("subscribers", stats.subscribers, stats.readers * (settings.max_subscriptions + 1)),
    ];
    for (name, value, most) in bounds {
        if value > most {
            return Err(format!("{name} is {value} and may be {most}"));
        }
    }
    if stats.parked > stats.readers || stats.timers > stats.connections {
        return Err(format!("more polls than readers, or more timers than connections: {stats:?}"));
    }
    // A session on a WebSocket is read for, also while it has joined nothing.
    let carriers = stats.sessions.min(stats.connections);
    let open = stats.by_transport;
    let held = open.long_poll + open.poll + open.jsonp;
    if (open.total(), held) != (stats.readers, stats.parked) || stats.slow_readers > stats.readers + carriers
    {
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
        ("sessions", stats.sessions),
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
