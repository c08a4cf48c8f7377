//! The statements of Kconfig files, line by line: continuation lines joined, help texts left out.

/// One statement with the line on which it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub number: usize,
    /// First word.
    pub word: String,
    /// The rest, trimmed.
    pub rest: String,
}

/// Splits a file into its statements. `$(ARCH)` and `$(SRCARCH)` are x86, as in every build here.
pub(super) fn statements(text: &str) -> Vec<Line> {
    let text = text.replace("$(SRCARCH)", "x86").replace("$(ARCH)", "x86");
    let mut lines = text.lines().enumerate().peekable();
    let mut found = Vec::new();
    while let Some((index, raw)) = lines.next() {
        let mut joined = raw.trim().to_owned();
        while let Some(start) = joined.strip_suffix('\\') {
            let next = lines.next().map_or("", |(_, next)| next.trim());
            joined = format!("{} {next}", start.trim_end());
        }
        let code = without_comment(&joined).trim();
        if code.is_empty() {
            continue;
        }
        if code == "help" || code == "---help---" {
            skip_help(&mut lines);
            continue;
        }
        let end = code.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(code.len());
        let (word, rest) = code.split_at(end);
        found.push(Line { number: index + 1, word: word.to_owned(), rest: rest.trim().to_owned() });
    }
    found
}

/// A help text ends at the first line that is indented less than its first one.
fn skip_help<'a>(lines: &mut std::iter::Peekable<impl Iterator<Item = (usize, &'a str)>>) {
    let mut first = None;
    while let Some((_, line)) = lines.peek() {
        if !line.trim().is_empty() {
            let indent = indent(line);
            if indent == 0 || indent < *first.get_or_insert(indent) {
                return;
            }
        }
        lines.next();
    }
}

fn indent(line: &str) -> usize {
    let mut width = 0;
    for c in line.chars() {
        match c {
            '\t' => width = width / 8 * 8 + 8,
            ' ' => width += 1,
            _ => break,
        }
    }
    width
}

fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (index, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return &line[..index],
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    line
}
