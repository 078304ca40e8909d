//! Lists of words, for people who wrote another one.

/// How many words of a list are shown.
const WORDS_MOST: usize = 60;

/// How wide lines get.
const WIDTH: usize = 100;

/// The words in lines of readable width, and how many more there are of a long list.
pub(super) fn enumerate(title: &str, words: &[String]) -> String {
    let mut text = format!("{title}:");
    let mut column = text.len();
    let shown = words.len().min(WORDS_MOST);
    let more = (words.len() > shown).then(|| format!("and {} more", words.len() - shown));
    let none = words.is_empty().then(|| "none".to_owned());
    let all: Vec<&String> = words[..shown].iter().chain(&more).chain(&none).collect();
    for (index, word) in all.iter().enumerate() {
        if column + word.len() + 2 > WIDTH {
            text.push_str("\n ");
            column = 1;
        }
        let comma = if index + 1 < all.len() { "," } else { "" };
        text.push_str(&format!(" {word}{comma}"));
        column += word.len() + comma.len() + 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_broken_between_words() {
        let words: Vec<String> = (0..80).map(|n| format!("word-{n}")).collect();
        let text = enumerate("words", &words);
        assert!(text.lines().all(|line| line.len() <= WIDTH && !line.ends_with('-')), "{text}");
        assert!(text.ends_with("word-59, and 20 more"), "{text}");
        assert_eq!(enumerate("words", &[]), "words: none");
    }
}
