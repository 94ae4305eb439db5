//! How many descriptors there are, and how many connections that allows.

/// What is needed besides connections: standard streams, poll, signals, reserve, DIR and a few that were inherited.
const OWN: u64 = 32;
/// Most descriptors kept free for static files that are being sent.
const FILES_MAX: u64 = 1024;

/// Raises the limit of open files as far as it goes. How many connections fit then, if `wanted` is 0; else `wanted`,
/// with a warning if they do not fit.
pub fn connections_max(wanted: usize, listeners: usize) -> usize {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        Err(error) => {
            log::warn!("cannot raise the limit of open files: {error}");
            rlimit::Resource::NOFILE.get_soft().unwrap_or(1024)
        }
    };
    let fit = fitting(limit, listeners);
    if wanted > fit {
        log::warn!(
            "--max-connections {wanted} is more than the limit of {limit} open files allows, about {fit}"
        );
    }
    if wanted == 0 { fit } else { wanted }
}

fn fitting(limit: u64, listeners: usize) -> usize {
    let kept = OWN + listeners as u64 + (limit / 16).min(FILES_MAX);
    // An id's index has 32 bits.
    let fit = limit.saturating_sub(kept).clamp(1, u64::from(u32::MAX) / 2);
    usize::try_from(fit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn connections_leave_room_for_all_else() {
        for (limit, listeners, fit) in [
            (0, 1, 1),
            (20, 1, 1),
            (1024, 1, 927),
            (20_000, 2, 18_942),
            (u64::MAX, 1, (u32::MAX / 2) as usize),
        ] {
            assert_eq!(fitting(limit, listeners), fit, "{limit}");
        }
    }
}
