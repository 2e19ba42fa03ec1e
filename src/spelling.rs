//! What a mistyped word may have meant.

/// What `word` may have meant, if one of `words` is near enough to say so.
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_ascii_lowercase().replace('_', "-");
    let typed = plain(word);
    let distance = |known: &str| {
        let begun = typed.len() >= SHORTEST_START && known.starts_with(&typed);
        strsim::osa_distance(&typed, known).min(if begun { 1 } else { usize::MAX })
    };
    let near = words.into_iter().map(|known| (distance(&plain(known)), known));
    let (distance, known) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= typed.chars().count().div_ceil(4).min(MOST_SLIPS)).then_some(known)
}

/// Two letters begin too many words.
const SHORTEST_START: usize = 3;
/// Slips of the finger in a long word; one for every four letters of a short one.
const MOST_SLIPS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let known = ["linear", "github", "allow-tool", "header", "header-file"];
        let near = |word| nearest(word, known);
        assert_eq!(near("lienar"), Some("linear"));
        assert_eq!(
            (near("Linear"), near("allow_tool"), near("lin")),
            (Some("linear"), Some("allow-tool"), Some("linear"))
        );
        assert_eq!((near("headers"), near("header-fiel")), (Some("header"), Some("header-file")));
        assert_eq!((near("notion"), near("li"), near("")), (None, None, None));
    }
}
