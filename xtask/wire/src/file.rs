//! Files that leave the guest: their bounds, their names, and how their bytes are written in a frame.

use std::fmt;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use base64::prelude::*;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most bytes of one file. One that grows beyond is refused as a whole: half of a coverage file is none.
pub const FILE_LIMIT: u64 = 16 << 20;

/// Most bytes of all files of one boot together.
pub const BOOT_LIMIT: u64 = 64 << 20;

/// Most files of one boot, those of the agent included.
pub const FILES_LIMIT: usize = 256;

/// Most files of one boot that are on their way at the same time.
pub const OPEN_FILES_LIMIT: usize = 8;

/// Most bytes in one [`crate::FromGuest::FileData`]: its line in base64 then stays below the 32 KiB that the guest's
/// kernel takes in one write (`port_fops_write()` in `drivers/char/virtio_console.c`).
pub const FILE_CHUNK: usize = 24_000;

/// Longest name of a file, in bytes: that of a case has at most 100, and an ending follows.
pub const FILE_NAME_LENGTH: usize = 128;

/// Folder of the files that the agent itself saves, beside a folder for each case that has saved any.
pub const AGENT_FILES: &str = "agent";

/// How the name of an archive of counters ends: what a kernel that counts (`CONFIG_GCOV_KERNEL`) had counted at a case's end,
/// [`COUNTS_BEFORE`] or the case's name before it. A tar archive of the `.gcda` files of `/sys/kernel/debug/gcov`, by their paths there.
pub const COUNTS: &str = ".gcov";

/// In the place of a case's name, of an archive of what was counted before the first case: no case is called so.
pub const COUNTS_BEFORE: &str = "+boot";

/// Checks the name of a file: 1 to [`FILE_NAME_LENGTH`] letters and digits of ASCII, `_`, `-`, `+` and dots, of which
/// the first is neither a dot nor a dash. Such a name is one component of a path, and never `.` or `..`.
///
/// Both sides check it: the agent to report it early, the host because the guest is not trusted.
///
/// # Errors
/// What is wrong with the name, for its reader.
pub fn check_file_name(name: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte);
    let shown = || name.chars().take(FILE_NAME_LENGTH).collect::<String>().escape_debug().to_string();
    match name.as_bytes() {
        [] => Err("the name of the file is empty".into()),
        bytes if bytes.len() > FILE_NAME_LENGTH => {
            Err(format!("the name `{}…` is longer than {FILE_NAME_LENGTH} bytes", shown()))
        }
        [b'.' | b'-', ..] => Err(format!("the name `{}` starts with a dot or a dash", shown())),
        bytes if !bytes.iter().copied().all(allowed) => {
            Err(format!("the name `{}` has more than letters, digits, `_`, `-`, `+` and dots", shown()))
        }
        _ => Ok(()),
    }
}

/// Bytes of a file, at most [`FILE_CHUNK`]; base64 (RFC 4648, padded) in a frame. More are no frame: what waits to be
/// written is bounded.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    /// The length: nobody reads the bytes of a file in a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(&self.0, &STANDARD))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Decode)
    }
}

struct Decode;

impl Visitor<'_> for Decode {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes in base64")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        if text.len() > FILE_CHUNK.div_ceil(3) * 4 {
            return Err(E::custom(format_args!("more than {FILE_CHUNK} bytes at once")));
        }
        BASE64_STANDARD.decode(text).map(Bytes).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::FromGuest;

    #[test]
    fn a_name_is_one_plain_component_of_a_path() {
        for name in ["a", "trace.dat", "cxl_list-1.json", "a..b", "c++", "0", &"x".repeat(FILE_NAME_LENGTH)] {
            assert_eq!(check_file_name(name), Ok(()), "{name}");
        }
        for name in ["", ".", "..", ".part", "-x", "a/b", "/a", "a\0b", "a b", "ä", "a\n", "a\\b"] {
            assert!(check_file_name(name).is_err(), "{name:?}");
        }
        let long = check_file_name(&"x".repeat(1 << 20)).expect_err("too long");
        assert!(long.len() < 200, "{}", long.len());
    }

    #[test]
    fn a_chunk_fits_into_one_write() {
        let data = Bytes(vec![0xff; FILE_CHUNK]);
        let frame = FromGuest::FileData { file: u32::MAX, at: FILE_LIMIT, data };
        let line = serde_json::to_string(&frame).expect("JSON");
        assert!(line.len() < 32 << 10);
        assert_eq!(serde_json::from_str::<FromGuest>(&line).expect("a frame"), frame);
        let longer = line.replacen("////", "////////", 1);
        assert!(serde_json::from_str::<FromGuest>(&longer).is_err());
    }

    #[test]
    fn what_is_no_base64_is_no_frame() {
        for data in ["\"!\"", "\"QQ\"", "\"QQ==QQ==\"", "7", "[65]"] {
            let line = format!("{{\"frame\":\"file-data\",\"file\":1,\"at\":0,\"data\":{data}}}");
            assert!(serde_json::from_str::<FromGuest>(&line).is_err(), "{data}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back_as_they_were(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let frame = FromGuest::FileData { file: 1, at: 0, data: Bytes(bytes) };
            let line = serde_json::to_string(&frame).expect("JSON");
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(serde_json::from_str::<FromGuest>(&line).expect("a frame"), frame);
        }
    }
}
