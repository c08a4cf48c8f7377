//! What is passed on of a case's output beyond the cap: lines that may be results, so that none is left unjudged.

/// Bytes of such lines; a case with more is cut, which is reported.
const CAP: usize = 1 << 20;
/// No result is longer; what follows on its line is its description.
const LONGEST: usize = 512;

/// The lines of the output beyond the cap.
#[derive(Default)]
pub struct Beyond {
    /// The start of a line whose rest has not come yet.
    line: Vec<u8>,
    sent: usize,
    started: bool,
    cut: bool,
}

impl Beyond {
    /// Output before the cap, which is passed on as it is: the line that the cap will cut through begins there.
    pub fn follow(&mut self, kept: &[u8]) {
        if self.started {
            return;
        }
        let line = kept.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if line > 0 {
            self.line.clear();
        }
        self.extend(&kept[line..]);
    }

    /// The results in the next piece beyond the cap, each with its line end.
    pub fn results(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut results = Vec::new();
        if !std::mem::replace(&mut self.started, true) && !self.line.is_empty() {
            // What was passed on of the line ends here, and a result that the cap cuts through comes again, whole.
            results.push(b'\n');
        }
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let ended = part.ends_with(b"\n");
            self.extend(part.strip_suffix(b"\n").unwrap_or(part));
            if ended {
                let line = std::mem::take(&mut self.line);
                self.keep(&line, &mut results);
            }
        }
        results
    }

    /// A last line without an end.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut results = Vec::new();
        let line = std::mem::take(&mut self.line);
        if self.started {
            self.keep(&line, &mut results);
        }
        results
    }

    /// Whether there were more results than are passed on.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    fn extend(&mut self, part: &[u8]) {
        let room = LONGEST.saturating_sub(self.line.len());
        self.line.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn keep(&mut self, line: &[u8], results: &mut Vec<u8>) {
        if !may_be_result(line) {
            return;
        }
        if self.sent + line.len() + 1 > CAP {
            self.cut = true;
            return;
        }
        self.sent += line.len() + 1;
        results.extend_from_slice(line);
        results.push(b'\n');
    }
}

/// Whether a line may be KTAP (Documentation/dev-tools/ktap.rst), indented, or behind the `# ` of kselftest.
fn may_be_result(line: &[u8]) -> bool {
    let start = line.iter().position(|byte| !b" \t#\r".contains(byte)).unwrap_or(line.len());
    let text = &line[start..];
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let words: [&[u8]; 6] = [b"ok", b"not ok", b"Bail out!", b"KTAP version", b"TAP version", b"Subtest"];
    words.iter().any(|word| text.starts_with(word)) || digits > 0 && text[digits..].starts_with(b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_through_and_nothing_else() {
        let mut beyond = Beyond::default();
        beyond.follow(b"much\nnot o");
        beyond.follow(b"k");
        let piece = b" 7 rest\nnoise\n    not ok 2 b # why\n# \tok 3\n1..4\n12 x\nBail out! no\nnot o";
        let found = beyond.results(piece);
        let expected = "\nnot ok 7 rest\n    not ok 2 b # why\n# \tok 3\n1..4\nBail out! no\n";
        assert_eq!(String::from_utf8_lossy(&found), expected);
        assert_eq!(beyond.results(b"k 5\nok 6"), b"not ok 5\n");
        assert_eq!(beyond.rest(), b"ok 6\n");
        assert!(!beyond.is_cut());
    }

    #[test]
    fn a_flood_of_results_is_cut_and_told() {
        let mut beyond = Beyond::default();
        let flood = b"ok 1 a\n".repeat(200_000);
        assert!(beyond.results(&flood).len() <= CAP);
        assert!(beyond.is_cut());
        let endless = vec![b'x'; 1 << 20];
        assert!(Beyond::default().results(&endless).is_empty());
    }
}
