//! Styles: rules of names and numbers. What they show of elsewhere, and what they say to people, is
//! looked through as words are.

use super::names::{COLOURS, NUMBERS, WORDS};
use super::{has_word, is_colour, other, own_words, words};
use crate::privacy::walk::{Tells, Walk};

/// An address in a style is no longer.
const LONGEST_ADDRESS: usize = 1 << 12;

/// The declarations of an element's own style.
pub(super) fn declarations(walk: &mut Walk<'_>, told: &str) {
    anything(walk, told);
    for declared in told.split(';') {
        declaration(walk, declared);
    }
}

/// A sheet of rules.
pub(super) fn sheet(walk: &mut Walk<'_>, told: &str) {
    anything(walk, told);
    let mut rest = told;
    while let Some((before, behind)) = rest.split_once(['{', '}']) {
        let opens = rest[before.len()..].starts_with('{');
        if opens {
            // What stands before a rule says whom it is for, at the end of whatever ended before.
            let at = before.rfind(';').map_or(0, |at| at + 1);
            before[..at]
                .split(';')
                .for_each(|told| declaration(walk, told));
            words(walk, &before[at..]);
        } else {
            before.split(';').for_each(|told| declaration(walk, told));
        }
        rest = behind;
    }
    if !without_comments(rest).trim().is_empty() {
        own_words(walk);
        words(walk, rest);
    }
}

/// A name and a value. What is no number, no colour and no known name is words.
fn declaration(walk: &mut Walk<'_>, told: &str) {
    let told = without_comments(told);
    let told = told.trim();
    if told.is_empty() || told.starts_with('@') {
        return words(walk, told);
    }
    let Some((name, value)) = told.split_once(':') else {
        own_words(walk);
        return words(walk, told);
    };
    let (name, value) = (name.trim(), value.trim().trim_end_matches("!important"));
    let is_number = NUMBERS.contains(&name);
    if is_number && !has_word(value) || COLOURS.contains(&name) && is_colour(value) {
        return;
    }
    if is_number || !COLOURS.contains(&name) && !WORDS.contains(&name) {
        own_words(walk);
    }
    words(walk, told);
}

fn without_comments(told: &str) -> String {
    let (mut out, mut rest) = (String::new(), told);
    while let Some((before, from)) = rest.split_once("/*") {
        out.push_str(before);
        rest = from.split_once("*/").map_or("", |(_, behind)| behind);
    }
    out.push_str(rest);
    out
}

/// Whatever a style is made of: addresses, values with names of their own, texts, comments.
pub(super) fn anything(walk: &mut Walk<'_>, told: &str) {
    let spared: String = told.chars().filter(|c| !c.is_whitespace()).collect();
    let lower = spared.to_ascii_lowercase();
    for (at, _) in lower.match_indices("url(") {
        let address = spared[at + 4..].trim_start_matches(['"', '\'']);
        if !address.starts_with('#') {
            let end = address
                .char_indices()
                .map(|(at, _)| at)
                .take(LONGEST_ADDRESS)
                .last();
            let address = &address[..end.unwrap_or_default()];
            other(walk, address.split(')').next().unwrap_or_default());
            // One is enough for what becomes of the drawing.
            break;
        }
    }
    // Values with names of their own, and texts.
    for value in told.split("--").skip(1) {
        let value = value.split([';', '}']).next().unwrap_or_default();
        own_words(walk);
        words(walk, value);
    }
    for text in told.split(['"', '\'']).skip(1).step_by(2) {
        words(walk, text);
    }
    if lower.contains("@import") {
        other(walk, told);
    }
    // Hidden letters of an address.
    if lower.contains('\\') {
        walk.tell(Tells::Place);
        walk.refuse("it is a drawing whose styles cannot be read");
    }
    let mut rest = told;
    while let Some((_, from)) = rest.split_once("/*") {
        let (comment, behind) = from.split_once("*/").unwrap_or((from, ""));
        words(walk, comment);
        own_words(walk);
        rest = behind;
    }
}
