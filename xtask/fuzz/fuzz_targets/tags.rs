//! Any line as a tag, and any file with tags put into it: what was there is all still there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use engine::series::trailers::{Tag, insert, read};

fuzz_target!(|input: (&str, &[u8])| {
    let (line, file) = input;
    let Some(Ok(tag)) = read(line) else { return };
    let tags: Vec<Tag> = vec![tag.clone()];
    assert_eq!(read(&tag.to_string()), Some(Ok(tag)));
    if let Ok(new) = insert(file, &tags) {
        assert!(new.len() > file.len());
        let kept: Vec<&[u8]> = file.split(|byte| *byte == b'\n').collect();
        let mut all = new.split(|byte| *byte == b'\n');
        assert!(kept.iter().all(|line| all.any(|other| other.starts_with(line))));
    }
});
