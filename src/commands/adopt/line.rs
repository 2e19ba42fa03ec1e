//! A line for a shell, in words, where every shell of its kind makes the same words of it. Nothing is
//! expanded: what a shell would put in is known to that shell alone.

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// A shell of POSIX.
    Posix,
    /// `cmd.exe`, to which single quotes and backslashes mean nothing.
    Cmd,
}

/// The words of `line`.
///
/// # Errors
/// What in it means more than a word, in words for a person.
pub fn words(line: &str, shell: Shell) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            ' ' | '\t' => words.extend(word.take()),
            '"' => {
                let own = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') if shell == Shell::Posix => match rest.next() {
                            Some(escaped @ ('"' | '\\')) => own.push(escaped),
                            _ => return Err(meaning('\\')),
                        },
                        Some(special) if inside_quotes(shell).contains(special) => return Err(meaning(special)),
                        Some(plain) => own.push(plain),
                        None => return Err("a quote that is not closed".into()),
                    }
                }
            }
            '\'' if shell == Shell::Posix => {
                let own = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        Some('\'') => break,
                        Some(plain) => own.push(plain),
                        None => return Err("a quote that is not closed".into()),
                    }
                }
            }
            // Of a URL, the name of no file.
            '?' if word.as_deref().is_some_and(|word| word.contains("://")) => word.get_or_insert_default().push('?'),
            '#' | '~' if word.is_some() => word.get_or_insert_default().push(character),
            special if outside_quotes(shell).contains(special) => return Err(meaning(special)),
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    Ok(words)
}

fn meaning(special: char) -> String {
    format!("{special:?}, which means something to a shell")
}

fn inside_quotes(shell: Shell) -> &'static str {
    match shell {
        Shell::Posix => "$`",
        Shell::Cmd => "%!^\\",
    }
}

fn outside_quotes(shell: Shell) -> &'static str {
    match shell {
        Shell::Posix => "$`\\;&|<>(){}[]*?#~!\r\n",
        Shell::Cmd => "%!^&|<>()'\r\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_taken_apart_and_what_a_shell_changes_is_not() {
        let posix = |line| words(line, Shell::Posix).map(|words| words.join("|"));
        for (line, expected) in [
            ("npx  -y\tmcp-remote https://a.example/mcp", "npx|-y|mcp-remote|https://a.example/mcp"),
            ("a 'b c' \"d e\" f'g'\"h\"", "a|b c|d e|fgh"),
            ("a '' \"\\\"\\\\\" 'X: ${A}'", "a||\"\\|X: ${A}"),
            ("https://a.example/mcp?x=1#y '?a&b'", "https://a.example/mcp?x=1#y|?a&b"),
        ] {
            assert_eq!(posix(line).as_deref(), Ok(expected), "{line}");
        }
        for line in [
            "a $B", "a \"$B\"", "a `b`", "a; b", "a && b", "a | b", "a > b", "a b*", "a ~/b", "# a", "a 'b", "a\nb",
            "a\\ b", "{a,b}",
        ] {
            assert!(posix(line).is_err(), "{line}");
        }
        let cmd = |line| words(line, Shell::Cmd).map(|words| words.join("|"));
        assert_eq!(cmd("C:\\n\\npx.cmd \"a b\" c\\d").as_deref(), Ok("C:\\n\\npx.cmd|a b|c\\d"));
        for line in ["a %B%", "a \"%B%\"", "a & b", "a ^b", "a 'b c'", "a \"b"] {
            assert!(cmd(line).is_err(), "{line}");
        }
    }
}
