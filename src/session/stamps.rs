//! Requests that a browser repeats of itself: when a connection that it uses again ends before a byte of the answer has
//! come, it sends the same request on another, and its page never hears of it. What the lost answer held would be lost,
//! and what the request held would be taken twice.  Law: of two requests of a kind that follow each other with the same
//! stamp the second is a repetition.  Pages stamp each request anew, against caches: `t` in its query. A stamp of digits
//! alone is a clock's, as programs set them that are no pages: two requests within one second have the same.

/// No client's stamp is longer; what is, is none.
const STAMP_MAX: usize = 64;

/// The stamp of the newest request of one kind.
#[derive(Debug, Default)]
pub struct Stamps {
    last: Option<Box<str>>,
}

impl Stamps {
    /// A request with this stamp is there: is it the last one again?
    pub fn is_repeated(&mut self, stamp: Option<&str>) -> bool {
        let is_clock = |stamp: &str| stamp.bytes().all(|byte| byte.is_ascii_digit());
        let stamp = stamp.filter(|stamp| stamp.len() <= STAMP_MAX && !is_clock(stamp));
        if stamp.is_some() && stamp == self.last.as_deref() {
            return true;
        }
        self.last = stamp.map(Into::into);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_repeated_when_its_stamp_is_that_of_the_one_before() {
        let long = "x".repeat(STAMP_MAX + 1);
        let cases: [(&[Option<&str>], bool); 9] = [
            (&[Some("a")], false),
            (&[Some("a"), Some("a")], true),
            (&[Some("a"), Some("b")], false),
            (&[Some("a"), Some("b"), Some("a")], false),
            (&[None, None], false),
            (&[Some(""), Some("")], false),
            (&[Some(&long), Some(&long)], false),
            (&[Some("1763687000"), Some("1763687000")], false),
            (&[Some("176368700a"), Some("176368700a")], true),
        ];
        for (stamps, is_repeated) in cases {
            let mut seen = Stamps::default();
            let last = stamps.iter().map(|stamp| seen.is_repeated(*stamp)).last();
            assert_eq!(last, Some(is_repeated), "{stamps:?}");
        }
    }
}
