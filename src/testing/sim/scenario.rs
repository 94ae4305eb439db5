//! What one seed plays with: limits, channels, how rough it gets.  Law: the seed alone decides.

use super::truth::Bounds;
use crate::limits::Settings;
use crate::testing::dice::Dice;
use crate::testing::naive_log;

/// The channels of every scenario.
pub const CHANNELS: [&str; 6] = ["a", "b", "c/d", "e", "f", "main"];

/// One seed's settings.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the server runs with.
    pub settings: Settings,
    /// What the truth is held against.
    pub bounds: Bounds,
    /// Readers.
    pub readers: usize,
    /// Publishers.
    pub publishers: usize,
    /// Those who ask, and as many who answer.
    pub askers: usize,
    /// Now and then all is quiet, and it is looked who is present.
    pub looks_around: bool,
    /// Pages that speak Socket.IO.
    pub pages: usize,
    /// Clients that send what means nothing.
    pub vandals: usize,
    /// Steps before everything heals.
    pub steps: usize,
    /// Bytes of the largest usual payload.
    pub payload_max: usize,
    /// The journal delays, fails and goes down.
    pub is_journal_rough: bool,
    /// The wall clock steps forward and back.
    pub is_clock_rough: bool,
    /// The process is killed, or told to end, now and then.
    pub restarts: bool,
    /// Limits on connections, polls and channels are so low that some are refused.
    pub is_crowded: bool,
}

impl Scenario {
    /// What `dice` throw.
    pub fn throw(dice: &mut Dice) -> Self {
        let is_clock_rough = dice.one_in(5);
        let is_total_tight = dice.one_in(6);
        let is_crowded = dice.one_in(8);
        let mut settings = Settings {
            echo: true,
            retain_messages: *dice.pick(&[2, 3, 8, 30, 1000]),
            retain_bytes: *dice.pick(&[600, 4_000, 60_000, 4 << 20]),
            retain_age_ms: *dice.pick(&[2_000, 20_000, 3_600_000]),
            max_message: 1 << 18,
            max_batch: *dice.pick(&[1, 2_000, 1 << 20]),
            max_queue: *dice.pick(&[4 << 10, 256 << 10]),
            max_cache: *dice.pick(&[0, 10_000, 32 << 20]),
            heartbeat_ms: *dice.pick(&[500, 5_000, 15_000]),
            max_wait_ms: *dice.pick(&[1_000, 50_000]),
            presence_grace_ms: *dice.pick(&[1_000, 10_000]),
            session_grace_ms: *dice.pick(&[1_000, 60_000]),
            ping_interval_ms: *dice.pick(&[1_000, 5_000, 25_000]),
            ping_timeout_ms: *dice.pick(&[2_000, 20_000]),
            write_timeout_ms: *dice.pick(&[3_000, 30_000]),
            drain_delay_ms: *dice.pick(&[0, 300]),
            drain_timeout_ms: *dice.pick(&[500, 10_000]),
            ..Settings::default()
        };
        if is_total_tight {
            settings.retain_total = *dice.pick(&[3_000, 20_000]);
        }
        if is_crowded {
            settings.max_sessions = 2;
            settings.max_parked = 1;
            settings.max_asks = 2;
            settings.max_channels = 3;
            settings.max_connections = 6;
            settings.max_subscriptions = 2;
            settings.max_pinned = 64 << 10;
            settings.max_incoming = 64 << 10;
        }
        let bounds = Bounds {
            log: naive_log::Bounds {
                messages: settings.retain_messages,
                bytes: settings.retain_bytes,
                age_ms: settings.retain_age_ms,
            },
            presence_grace_ms: settings.presence_grace_ms,
            heartbeat_ms: settings.heartbeat_ms,
            max_wait_s: settings.max_wait_ms / 1000,
            session_grace_ms: settings.session_grace_ms,
            is_loose: is_total_tight || is_clock_rough,
        };
        Scenario {
            bounds,
            readers: 2 + dice.below(6),
            publishers: 1 + dice.below(3),
            looks_around: !is_crowded && dice.one_in(6),
            askers: dice.below(4).saturating_sub(1),
            pages: dice.below(4).saturating_sub(1),
            vandals: dice.below(2),
            steps: 200 + dice.below(400),
            payload_max: *dice.pick(&[30, 300, 3_000, 30_000]),
            is_journal_rough: dice.one_in(3),
            is_clock_rough,
            restarts: dice.one_in(4),
            is_crowded,
            settings,
        }
    }
}
