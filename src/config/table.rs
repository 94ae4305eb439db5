//! The table of all flags that are numbers.  Law: each number in [`Settings`] has one row, and its default lies
//! within its bounds.

use super::units::Unit::{self, Count, Size, Time};
use crate::limits::Settings;

/// Where a number goes.
#[derive(Copy, Clone)]
pub enum Field {
    /// A count or a size.
    Usize(fn(&mut Settings) -> &mut usize),
    /// Milliseconds.
    U64(fn(&mut Settings) -> &mut u64),
}

/// One flag that takes a number.
pub struct Row {
    /// Its name without dashes.
    pub flag: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// The least and the most it may be.
    pub bounds: (u64, u64),
    /// What 0 stands for, where it stands for something else than none of it.
    pub zero: Option<&'static str>,
    /// The heading it stands under in the help.
    pub group: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// Where it goes.
    pub field: Field,
}

impl Row {
    /// The value in `settings`.
    pub fn get(&self, settings: &mut Settings) -> u64 {
        match self.field {
            Field::Usize(field) => *field(settings) as u64,
            Field::U64(field) => *field(settings),
        }
    }

    /// Puts a value that [`Row::parse`] gave into `settings`.
    pub fn set(&self, settings: &mut Settings, value: u64) {
        match self.field {
            Field::Usize(field) => *field(settings) = usize::try_from(value).unwrap_or(usize::MAX),
            Field::U64(field) => *field(settings) = value,
        }
    }

    /// Reads a value and holds it against the bounds. The error says what would be right.
    pub fn parse(&self, text: &str) -> Result<u64, String> {
        let value = self.unit.parse(text)?;
        let (least, most) = self.bounds;
        if value == 0 && self.zero.is_some() {
            return Ok(0);
        }
        if value < least {
            return Err(format!("that is too little, the least is {}", self.unit.show(least)));
        }
        if value > most {
            return Err(format!("that is too much, the most is {}", self.unit.show(most)));
        }
        Ok(value)
    }
}

/// A gibibyte in bytes, a day in milliseconds.
const G: u64 = 1 << 30;
const DAY: u64 = 86_400_000;
/// Ids of things in tables have 32 bits.
const THINGS: (u64, u64) = (1, 1 << 31);
const TIMEOUT: (u64, u64) = (10, DAY);
const KEPT: (u64, u64) = (0, 1 << 50);

const RETAIN: &str = "What is retained";
const LIMITS: &str = "Limits";
const MEMORY: &str = "Memory bounds";
const TIMES: &str = "Times";

/// Every flag that takes a number, in the order of the help.
pub const ROWS: &[Row] = &[
    row(
        "retain-messages",
        Count,
        (0, 1 << 31),
        RETAIN,
        "Messages retained in a channel",
        Field::Usize(|s| &mut s.retain_messages),
    ),
    row(
        "retain-bytes",
        Size,
        KEPT,
        RETAIN,
        "Bytes retained in a channel",
        Field::Usize(|s| &mut s.retain_bytes),
    ),
    row(
        "retain-age",
        Time,
        (1000, 3650 * DAY),
        RETAIN,
        "How long a message is retained",
        Field::U64(|s| &mut s.retain_age_ms),
    ),
    row(
        "retain-total",
        Size,
        KEPT,
        RETAIN,
        "Bytes retained in all channels; beyond it the oldest message of the channel that holds most goes",
        Field::Usize(|s| &mut s.retain_total),
    ),
    row_or(
        "max-connections",
        Count,
        THINGS,
        "as many as the limit of open files allows",
        LIMITS,
        "Connections at one time",
        Field::Usize(|s| &mut s.max_connections),
    ),
    row_or(
        "max-connections-per-address",
        Count,
        THINGS,
        "no bound",
        LIMITS,
        "Connections from one address at one time, and Socket.IO sessions",
        Field::Usize(|s| &mut s.max_connections_per_address),
    ),
    row("max-channels", Count, THINGS, LIMITS, "Channels at one time", Field::Usize(|s| &mut s.max_channels)),
    row(
        "max-subscriptions",
        Count,
        (1, 65_536),
        LIMITS,
        "Channels of one connection",
        Field::Usize(|s| &mut s.max_subscriptions),
    ),
    row(
        "max-parked",
        Count,
        THINGS,
        LIMITS,
        "Long polls and askers held at one time",
        Field::Usize(|s| &mut s.max_parked),
    ),
    row(
        "max-remembered",
        Count,
        (0, 1 << 31),
        LIMITS,
        "Clients remembered without a connection, and in how many channels they are",
        Field::Usize(|s| &mut s.max_remembered),
    ),
    row(
        "max-asks",
        Count,
        THINGS,
        LIMITS,
        "Open questions; as many that ended are remembered besides",
        Field::Usize(|s| &mut s.max_asks),
    ),
    row(
        "max-sessions",
        Count,
        (0, 1 << 31),
        LIMITS,
        "Socket.IO connections, each a session that outlives its requests",
        Field::Usize(|s| &mut s.max_sessions),
    ),
    row(
        "compress-above",
        Size,
        (0, G),
        LIMITS,
        "Payloads of fewer bytes go uncompressed to WebSockets",
        Field::Usize(|s| &mut s.compress_above),
    ),
    row(
        "max-message",
        Size,
        (1, G),
        LIMITS,
        "A publish body, or a WebSocket message",
        Field::Usize(|s| &mut s.max_message),
    ),
    row(
        "max-batch",
        Size,
        (1, G),
        LIMITS,
        "What one poll answers (at least one message all the same), and a /publish body",
        Field::Usize(|s| &mut s.max_batch),
    ),
    row(
        "max-head",
        Size,
        (256, 1 << 20),
        LIMITS,
        "A request line with all its headers",
        Field::Usize(|s| &mut s.max_head),
    ),
    row(
        "max-target",
        Size,
        (64, 1 << 20),
        LIMITS,
        "The path and query of a request",
        Field::Usize(|s| &mut s.max_target),
    ),
    row(
        "max-incoming",
        Size,
        (64 << 10, 1 << 50),
        MEMORY,
        "Input that is not complete yet, of all connections",
        Field::Usize(|s| &mut s.max_incoming),
    ),
    row(
        "max-pinned",
        Size,
        (64 << 10, 1 << 50),
        MEMORY,
        "Output that is half written, of all connections",
        Field::Usize(|s| &mut s.max_pinned),
    ),
    row(
        "max-queue",
        Size,
        (4 << 10, G),
        MEMORY,
        "Replies that wait to be written, of one connection",
        Field::Usize(|s| &mut s.max_queue),
    ),
    row(
        "max-cache",
        Size,
        KEPT,
        MEMORY,
        "Messages as encoded for each transport, kept for all readers",
        Field::Usize(|s| &mut s.max_cache),
    ),
    row(
        "heartbeat",
        Time,
        TIMEOUT,
        TIMES,
        "Time between two signs of life on a quiet stream",
        Field::U64(|s| &mut s.heartbeat_ms),
    ),
    row(
        "max-wait",
        Time,
        (0, DAY),
        TIMES,
        "How long a long poll is held at most",
        Field::U64(|s| &mut s.max_wait_ms),
    ),
    row(
        "ping-interval",
        Time,
        (1, DAY),
        TIMES,
        "From a sign of life of a Socket.IO client to the next ping",
        Field::U64(|s| &mut s.ping_interval_ms),
    ),
    row(
        "ping-timeout",
        Time,
        (1, DAY),
        TIMES,
        "From a ping of Socket.IO to the latest answer",
        Field::U64(|s| &mut s.ping_timeout_ms),
    ),
    row(
        "presence-grace",
        Time,
        (0, DAY),
        TIMES,
        "How long a client without connection or poll has not left",
        Field::U64(|s| &mut s.presence_grace_ms),
    ),
    row(
        "session-grace",
        Time,
        (0, DAY),
        TIMES,
        "How long a client without connection or poll is remembered",
        Field::U64(|s| &mut s.session_grace_ms),
    ),
    row(
        "header-timeout",
        Time,
        TIMEOUT,
        TIMES,
        "Time for a whole request head, from its first byte",
        Field::U64(|s| &mut s.header_timeout_ms),
    ),
    row(
        "body-timeout",
        Time,
        TIMEOUT,
        TIMES,
        "Time for a whole request body",
        Field::U64(|s| &mut s.body_timeout_ms),
    ),
    row(
        "idle-timeout",
        Time,
        TIMEOUT,
        TIMES,
        "How long a connection may stay open between requests",
        Field::U64(|s| &mut s.idle_timeout_ms),
    ),
    row(
        "write-timeout",
        Time,
        TIMEOUT,
        TIMES,
        "How long a reader may take nothing while there is something for it",
        Field::U64(|s| &mut s.write_timeout_ms),
    ),
    row(
        "drain-delay",
        Time,
        (0, DAY),
        TIMES,
        "After a first signal, how long to serve on while /readyz says 503",
        Field::U64(|s| &mut s.drain_delay_ms),
    ),
    row(
        "drain-timeout",
        Time,
        (0, DAY),
        TIMES,
        "After that, how long to end all connections in",
        Field::U64(|s| &mut s.drain_timeout_ms),
    ),
];

const fn row(
    flag: &'static str,
    unit: Unit,
    bounds: (u64, u64),
    group: &'static str,
    help: &'static str,
    field: Field,
) -> Row {
    Row { flag, unit, bounds, zero: None, group, help, field }
}

const fn row_or(
    flag: &'static str,
    unit: Unit,
    bounds: (u64, u64),
    zero: &'static str,
    group: &'static str,
    help: &'static str,
    field: Field,
) -> Row {
    Row { flag, unit, bounds, zero: Some(zero), group, help, field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_that_its_flag_takes() {
        let mut settings = Settings::default();
        for row in ROWS {
            let default = row.get(&mut settings);
            assert_eq!(row.parse(&row.unit.show(default)), Ok(default), "{}", row.flag);
        }
    }

    #[test]
    fn every_number_of_the_settings_has_a_row() {
        // Each row sets another value; whatever number still stands as by default has no row.
        let mut settings = Settings::default();
        for (index, row) in ROWS.iter().enumerate() {
            row.set(&mut settings, 777_000 + index as u64);
        }
        let shown = format!("{settings:?}");
        let numbers = shown.split(", ").filter_map(|field| field.trim_end_matches(" }").rsplit_once(": "));
        let numbers: Vec<_> = numbers.filter(|(_, value)| value.parse::<u64>().is_ok()).collect();
        assert_eq!(numbers.len(), ROWS.len());
        for (name, value) in numbers {
            assert!(value.starts_with("777"), "{name} has no flag");
        }
    }

    #[test]
    fn values_out_of_bounds_are_told_the_bound() {
        let row = ROWS.iter().find(|row| row.flag == "max-head").unwrap();
        assert_eq!(row.parse("100"), Err("that is too little, the least is 256".to_owned()));
        assert_eq!(row.parse("2M"), Err("that is too much, the most is 1M".to_owned()));
        let row = ROWS.iter().find(|row| row.flag == "max-connections").unwrap();
        assert_eq!(row.parse("0"), Ok(0));
    }
}
