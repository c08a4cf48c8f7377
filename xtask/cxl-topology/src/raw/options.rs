//! `qemu:` of a device, port, host bridge or switch: properties that the language has no field for.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// QEMU's properties by name, with what they are set to, as its command line takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct QemuOptions(BTreeMap<String, Scalar>);

impl QemuOptions {
    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.0.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for QemuOptions {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(options: T) -> Self {
        Self(options.into_iter().map(|(name, value)| (name.to_owned(), Scalar(value.to_owned()))).collect())
    }
}

impl<'de> Deserialize<'de> for QemuOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        specfile::unique_map(deserializer).map(Self)
    }
}

/// Text, a number, or true and false, which QEMU calls on and off.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Scalar(String);

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0.as_str(), self.0.parse::<u64>()) {
            ("on", _) => serializer.serialize_bool(true),
            ("off", _) => serializer.serialize_bool(false),
            // A number with leading zeros is text, which they are a part of.
            (text, Ok(number)) if number.to_string() == text => serializer.serialize_u64(number),
            (text, _) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a number, true or false")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Scalar, E> {
                Ok(Scalar(if on { "on" } else { "off" }.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
