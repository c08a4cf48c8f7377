//! Just enough ELF to tell a static program from a dynamic one.

/// `e_phoff`, `e_phentsize` and `e_phnum` of a 64-bit header, see elf(5).
const HEADER: usize = 64;
/// Program header type of the interpreter's name.
const PT_INTERP: u32 = 3;

/// Whether these bytes are a 64-bit little-endian ELF program that wants no dynamic loader. A static-pie
/// program has a dynamic section but no interpreter, and counts as static.
pub fn is_static(bytes: &[u8]) -> bool {
    const CLASS64_LITTLE: &[u8] = b"\x7fELF\x02\x01";
    if bytes.len() < HEADER || !bytes.starts_with(CLASS64_LITTLE) {
        return false;
    }
    let half = |at: usize| bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes);
    let table = bytes[32..40].try_into().map(u64::from_le_bytes).ok().and_then(|at| usize::try_from(at).ok());
    let (Some(table), Some(size), Some(count)) = (table, half(54), half(56)) else { return false };
    let kind = |index: u16| {
        let at = table.checked_add(usize::from(index) * usize::from(size))?;
        let field = bytes.get(at..at.checked_add(4)?)?;
        field.try_into().ok().map(u32::from_le_bytes)
    };
    // A header that lies outside of the file is no program that could run.
    count > 0 && (0..count).all(|index| kind(index).is_some_and(|kind| kind != PT_INTERP))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn program(kinds: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = u8::try_from(kinds.len()).expect("few");
        for kind in kinds {
            bytes.extend(kind.to_le_bytes());
            bytes.extend([0; 52]);
        }
        bytes
    }

    #[test]
    fn an_interpreter_makes_it_dynamic() {
        assert!(is_static(&program(&[1, 2, 6])));
        assert!(!is_static(&program(&[6, 3, 1])));
        assert!(!is_static(b"#!/bin/sh\n"));
        assert!(!is_static(&program(&[1, 1])[..70]));
        // The test itself runs under cargo's default, which is dynamic.
        let own = std::env::current_exe().and_then(std::fs::read).expect("our own program");
        assert!(!is_static(&own));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            is_static(&[b"\x7fELF\x02\x01".as_slice(), &tail].concat());
        }
    }
}
