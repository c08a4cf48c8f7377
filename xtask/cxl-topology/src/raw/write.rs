//! A topology as the text of a file.

use super::RawTopology;

impl RawTopology {
    /// The file's text. Reading it gives the same topology again.
    pub fn to_yaml(&self) -> String {
        // Maps with text for keys, of text, numbers, lists and maps: there is nothing that YAML cannot hold.
        let text = serde_yaml::to_string(self).unwrap_or_default();
        format!("# yaml-language-server: $schema=schema.json\n{text}")
    }
}
