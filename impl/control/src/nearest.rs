//! Did you mean?

/// The word of `legal` nearest to `found`, if one is near enough to be meant.
///
/// Near enough: at most a third of the longer word is different, where a swap of neighbours counts once.
pub fn nearest<'a>(found: &str, legal: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    legal
        .into_iter()
        .map(|word| (strsim::osa_distance(found, word), word))
        .filter(|&(distance, word)| distance <= found.chars().count().max(word.chars().count()) / 3)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let legal = ["crash", "restart", "partition"];
        assert_eq!(nearest("crahs", legal), Some("crash"));
        assert_eq!(nearest("partion", legal), Some("partition"));
        assert_eq!(nearest("vai", ["at", "via"]), Some("via"));
    }

    #[test]
    fn another_word_finds_nothing() {
        assert_eq!(nearest("explode", ["crash", "restart"]), None);
        assert_eq!(nearest("p9", ["p1", "p2"]), None);
    }
}
