//! Numbers in sentences.

/// `1 row`, `2 rows`: the number and the noun as it takes it.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
