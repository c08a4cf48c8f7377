//! The markers that the agent writes into the kernel's log.

use sha2::{Digest, Sha256};

/// How a marker begins: `patchbench[NUMBER.TOKEN]: begin CASE` or `patchbench[NUMBER.TOKEN]: end CASE`, so that a splat on the console can be
/// attributed to the case during which it came.
pub const MARKER: &str = "patchbench";

/// Digits of a token, in hexadecimal.
const DIGITS: usize = 32;

/// The markers of a boot, in the order in which they are written.
///
/// The token of each is a hash of the next one's. Whoever knows the one before the first, the anchor, can tell that a marker
/// is genuine, and whoever has read all so far cannot write the next. So they are made from the last backwards, and are nowhere but in
/// the memory of the one who writes them.
#[derive(Debug)]
pub struct Markers {
    /// The next one is the last.
    tokens: Vec<String>,
    written: u32,
    anchor: String,
}

impl Markers {
    /// So many of them, from a secret that nobody else knows.
    #[must_use]
    pub fn new(secret: &[u8; 32], count: usize) -> Self {
        let mut tokens = vec![token(secret)];
        while tokens.len() <= count {
            tokens.push(token(tokens[tokens.len() - 1].as_bytes()));
        }
        let anchor = tokens.pop().unwrap_or_default();
        Self { tokens, written: 0, anchor }
    }

    /// What comes before the first token.
    #[must_use]
    pub fn anchor(&self) -> &str {
        &self.anchor
    }

    /// The next marker, of a case's `begin` or `end`. One beyond the count has no token, and is not genuine.
    #[must_use]
    pub fn write(&mut self, what: &str, case: &str) -> String {
        self.written += 1;
        let token = self.tokens.pop().unwrap_or_default();
        format!("{MARKER}[{}.{token}]: {what} {case}", self.written)
    }
}

fn token(of: &[u8]) -> String {
    Sha256::digest(of)[..DIGITS / 2].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_is_the_hash_of_the_next() {
        let mut markers = Markers::new(&[7; 32], 3);
        let mut before = markers.anchor().to_owned();
        for number in 1..=3 {
            let marker = markers.write("begin", "a");
            let found = marker.strip_prefix(&format!("patchbench[{number}.")).expect("a number");
            let found = found.strip_suffix("]: begin a").expect("its words");
            assert_eq!((token(found.as_bytes()), found.len()), (before, DIGITS));
            before = found.to_owned();
        }
        assert_eq!(markers.write("end", "a"), "patchbench[4.]: end a");
        assert_ne!(Markers::new(&[8; 32], 3).anchor(), Markers::new(&[7; 32], 3).anchor());
    }
}
