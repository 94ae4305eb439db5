//! Base64 (RFC 4648 section 4) read bit by bit.  Law: one text for each sequence of bytes, but that padding may be left
//! out where that is said.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What `text` encodes; `None` if it is not base64.
pub fn decode(text: &str, may_be_unpadded: bool) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    let needed = (4 - body.len() % 4) % 4;
    if padding != needed && !(may_be_unpadded && padding == 0) {
        return None;
    }
    let mut bits = Vec::new();
    for byte in body.bytes() {
        let value = ALPHABET.iter().position(|&it| it == byte)?;
        bits.extend((0..6).rev().map(|shift| value >> shift & 1 == 1));
    }
    let left = bits.split_off(bits.len() / 8 * 8);
    // Six bits left over are a character that says nothing; bits that are set there would be a second spelling.
    if left.len() == 6 || left.contains(&true) {
        return None;
    }
    Some(bits.chunks(8).map(|byte| byte.iter().fold(0, |sum, &bit| sum << 1 | u8::from(bit))).collect())
}
