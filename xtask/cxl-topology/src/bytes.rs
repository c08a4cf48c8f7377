//! A number of bytes as people write it: `256M`, `4G`, `4k`, or a plain integer.
//!
//! Units are powers of 1024, as QEMU and the kernel read them; no other spelling is accepted, so that nobody has
//! to guess whether `MB` means 1000 or 1024.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const UNITS: [(char, u64); 4] = [('T', 1 << 40), ('G', 1 << 30), ('M', 1 << 20), ('k', 1 << 10)];

/// A number of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

impl Bytes {
    /// A number of mebibytes; saturates.
    pub const fn mib(n: u64) -> Self {
        Self(n.saturating_mul(1 << 20))
    }

    /// Whether this is a multiple of `unit`, which 0 is too.
    pub fn is_multiple_of(self, unit: Self) -> bool {
        self.0.is_multiple_of(unit.0)
    }
}

/// In the largest unit that divides it, as QEMU's options take it.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, unit)| self.0 != 0 && self.0.is_multiple_of(*unit)) {
            Some((letter, unit)) => f.pad(&format!("{}{letter}", self.0 / unit)),
            None => f.pad(&self.0.to_string()),
        }
    }
}

/// Text that is not a number of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a size: wanted a number with k, M, G or T (powers of 1024), like 256M")]
pub struct NotBytes(String);

impl FromStr for Bytes {
    type Err = NotBytes;

    fn from_str(text: &str) -> Result<Self, NotBytes> {
        let wrong = || NotBytes(text.to_owned());
        let unit = |last: char| match last {
            'K' => Some(1 << 10),
            _ => UNITS.iter().find(|(letter, _)| *letter == last).map(|(_, unit)| *unit),
        };
        let (digits, unit) = match text.chars().last().and_then(unit) {
            Some(unit) => (&text[..text.len() - 1], unit),
            None => (text, 1),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        number.checked_mul(unit).map(Self).ok_or_else(wrong)
    }
}

/// As it is shown; a number without a unit as a number.
impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.to_string();
        if text == self.0.to_string() {
            serializer.serialize_u64(self.0)
        } else {
            serializer.serialize_str(&text)
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size like 256M, 4G or 4k")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Bytes, E> {
                Ok(Bytes(number))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        for (text, bytes) in
            [("0", 0), ("256", 256), ("4k", 4096), ("4K", 4096), ("256M", 1 << 28), ("4G", 1 << 32)]
        {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        for text in ["", "k", "MB", "1MB", "1.5G", "-1M", "+1M", " 1M", "1 M", "0x10", "16777216T", "ä"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn yaml_takes_text_and_integers() {
        let read = serde_yaml::from_str::<Vec<Bytes>>;
        assert_eq!(read("[256M, 4096, 0x1000]").expect("sizes"), [Bytes::mib(256), Bytes(4096), Bytes(4096)]);
        insta::assert_snapshot!(read("[1, 256MB]").expect_err("no size"), @r#".[1]: "256MB" is not a size: wanted a number with k, M, G or T (powers of 1024), like 256M at line 1 column 5"#);
        insta::assert_snapshot!(read("[-1]").expect_err("no size"), @".[0]: invalid type: integer `-1`, expected a size like 256M, 4G or 4k at line 1 column 2");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(bytes: u64) {
            prop_assert_eq!(Bytes(bytes).to_string().parse(), Ok(Bytes(bytes)));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = text.parse::<Bytes>();
        }
    }
}
