//! What stands before a message, as far as it says anything.

/// The prefix of one line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prefix<'a> {
    /// Bytes before the message.
    pub len: usize,
    /// `T123` or `C0`, where the kernel prints it.
    pub caller: Option<&'a [u8]>,
    /// Whether a printk time or the kernel's name was there.
    pub stamped: bool,
    /// Whether the kernel's name was there, as who passes its lines on writes it.
    pub tagged: bool,
    /// Whether a time of any sort was there.
    pub timed: bool,
    /// Whether a program, not the kernel, wrote the line, by the level's facility or the name before the colon.
    pub user: bool,
    /// Where the message starts if that name is none: two words and a colon begin many messages.
    pub guessed: Option<usize>,
}

impl Prefix<'_> {
    /// The prefix if the name in it is none, but words of the message, where that may be so.
    pub(crate) fn without_name(self) -> Option<Self> {
        self.guessed.map(|len| Self { len, user: false, guessed: None, ..self })
    }
}
