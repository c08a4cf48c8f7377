//! Any mailbox: what is read is written so that it is read again, and put in order or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use engine::series::import::{Facts, Want, order};
use engine::series::mail::{Message, slug, split};

fuzz_target!(|mbox: &[u8]| {
    let mut messages = Vec::new();
    for mail in split(mbox) {
        let Ok(message) = Message::parse(&mail) else { continue };
        let rendered = message.render();
        let again = Message::parse(&rendered).expect("what was written is read");
        assert_eq!(again.render(), rendered);
        let name = slug(&message.subject().title);
        assert!(name.len() <= 52 && !name.contains('/') && !name.contains(".."));
        messages.push(message);
    }
    if let Ok(posting) = order(messages, &Want::default()) {
        assert!(!posting.patches.is_empty());
        let _ = Facts::of(&posting, Vec::new()).yaml();
    }
});
