//! Drawings: read as the XML that they are. They go up as they are, or not at all: nothing is cut
//! out of a text that styles and scripts refer to.

mod names;
mod style;

use std::collections::BTreeSet;

use roxmltree::{Document, Node, NodeType, ParsingOptions};

use super::forms;
use super::place::{in_drawing, in_text};
use super::policy::Originals;
use super::walk::{Tells, Walk};
use crate::container::svg::is_readable;
use names::{COLOURS, ELEMENTS, NAMESPACES, NUMBERS, WORDS};

const XLINK: &str = "http://www.w3.org/1999/xlink";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Deeper than anybody draws; readers that follow go so deep themselves.
const MOST_NODES: u32 = 1 << 20;

/// Elements that show nothing, or anything.
const NOTES: &[&str] = &["metadata", "foreignObject", "script"];
/// Elements whose words are shown to who asks.
const OWN_WORDS: &[&str] = &["title", "desc"];
/// Elements whose words are drawn.
const DRAWN: &[&str] = &["text", "tspan", "textPath", "tref", "a", "altGlyph"];
/// The public names of drawings' document types.
const DOCTYPES: &[&str] = &["-//W3C//DTD SVG", "http://www.w3.org/"];

pub(super) fn walk(walk: &mut Walk<'_>) {
    let file = walk.file;
    walk.stays(0..file.len());
    if file.starts_with(&[0x1f, 0x8b]) || file.contains(&0) {
        walk.tell(Tells::Place);
        return walk.refuse("it is a drawing that is compressed, or not written in single bytes");
    }
    // What is not UTF-8 is read byte by byte: no name or number of XML needs more.
    let text = String::from_utf8(file.to_vec())
        .unwrap_or_else(|_| file.iter().copied().map(char::from).collect());
    if !is_readable(&text) {
        walk.tell(Tells::Place);
        return walk.refuse("it is a drawing with more names in it than any has");
    }
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    if !walk.budget.pays(file.len()) {
        return walk.tell(Tells::Place);
    }
    match Document::parse_with_options(&text, options) {
        Ok(document) => {
            declarations(walk, &text, &document);
            namespaces(walk, &document);
            // Whatever it is called: some leave it out.
            let own = document.root_element().tag_name().namespace();
            for node in document.root().descendants() {
                look(walk, &node, own);
            }
        }
        Err(_) => {
            let tells = forms::unknown(file, &mut walk.budget);
            walk.tell(tells);
            if in_drawing(file, &mut walk.budget) {
                walk.tell(Tells::Place);
            }
            walk.refuse("it is a drawing that cannot be read as XML");
        }
    }
}

const OWN: &str = "it is a drawing with words about itself inside";

fn own_words(walk: &mut Walk<'_>) {
    if walk.originals == Originals::StripAll {
        walk.refuse(OWN);
    }
}

/// What stands before the drawing: what kind of document it is, and declarations, which may never
/// be used.
fn declarations(walk: &mut Walk<'_>, text: &str, document: &Document<'_>) {
    let before = &text[..document.root_element().range().start];
    let Some((_, doctype)) = before.split_once("<!DOCTYPE") else {
        return;
    };
    if doctype.contains('[') {
        own_words(walk);
    }
    let mut named = doctype.split(['"', '\'']).skip(1).step_by(2);
    if named.any(|name| !DOCTYPES.iter().any(|known| name.starts_with(known))) {
        own_words(walk);
    }
    words(walk, doctype);
}

fn look(walk: &mut Walk<'_>, node: &Node<'_, '_>, own: Option<&str>) {
    match node.node_type() {
        NodeType::Root => {}
        NodeType::Element => element(walk, node, own),
        NodeType::Text => {
            let parent = node.parent().map(|parent| parent.tag_name().name());
            let is_style = parent == Some("style");
            match node.text().unwrap_or_default() {
                told if is_style => style::sheet(walk, told),
                told => {
                    // Elsewhere nothing of it is drawn.
                    let is_drawn = parent.is_some_and(|name| DRAWN.contains(&name));
                    if !is_drawn && !told.trim().is_empty() {
                        own_words(walk);
                    }
                    words(walk, told);
                }
            }
        }
        NodeType::Comment => {
            words(walk, node.text().unwrap_or_default());
            own_words(walk);
        }
        NodeType::PI => {
            words(walk, node.pi().and_then(|pi| pi.value).unwrap_or_default());
            walk.refuse("it is a drawing with notes for programs inside");
        }
    }
}

fn element(walk: &mut Walk<'_>, node: &Node<'_, '_>, own: Option<&str>) {
    let name = node.tag_name();
    if in_drawing(name.name().as_bytes(), &mut walk.budget) {
        walk.tell(Tells::Place);
    }
    if name.namespace() != own || NOTES.contains(&name.name()) {
        walk.refuse("it is a drawing with metadata inside");
    }
    if OWN_WORDS.contains(&name.name()) || !ELEMENTS.contains(&name.name()) {
        own_words(walk);
    }
    for attribute in node.attributes() {
        let (name, value) = (attribute.name(), attribute.value());
        match attribute.namespace() {
            None | Some(XLINK | XML) => {}
            _ => walk.refuse("it is a drawing with metadata inside"),
        }
        if matches!(name, "href" | "src")
            && !value.trim().starts_with('#')
            && !value.trim().is_empty()
        {
            other(walk, value);
        }
        if name == "style" {
            style::declarations(walk, value);
        } else if value.contains("url(") {
            style::anything(walk, value);
        }
        if !names::is_said_so(name, value) {
            own_words(walk);
        }
        if name.starts_with("data-") {
            walk.refuse("it is a drawing with metadata inside");
        }
        let is_number = NUMBERS.contains(&name);
        if !is_number && !COLOURS.contains(&name) && !WORDS.contains(&name) {
            own_words(walk);
        }
        let is_drawn = is_number && !has_word(value) || COLOURS.contains(&name) && is_colour(value);
        if is_drawn {
            continue;
        }
        let is_colour = COLOURS.contains(&name);
        if is_number || is_colour || name == "version" && value.contains(char::is_alphabetic) {
            own_words(walk);
        }
        words(walk, &format!("{name}={value}"));
    }
}

/// Whether there is a word in what should be numbers, besides the names of transformations.
fn has_word(value: &str) -> bool {
    const NAMED: &[&str] = &[
        "matrix",
        "translate",
        "rotate",
        "scale",
        "skewx",
        "skewy",
        "indefinite",
        "auto",
        "none",
        "inherit",
        "normal",
        "center",
        "bottom",
        "right",
        "left",
        "baseline",
        "super",
        "medium",
        "small",
        "large",
        "smaller",
        "larger",
        "x-small",
        "xx-small",
        "x-large",
        "xx-large",
        "currentcolor",
        "click",
        "visible",
        "hidden",
        "accumulate",
        "media",
        "thin",
        "thick",
    ];
    let words = value.split(|c: char| !c.is_alphabetic());
    words
        .filter(|word| word.chars().count() > 4)
        .any(|word| !NAMED.contains(&word.to_ascii_lowercase().as_str()) && !is_path(word))
}

/// A name, a number or a function that makes a colour; or what is referred to.
fn is_colour(value: &str) -> bool {
    let value = value.trim();
    let begins = [
        "#",
        "rgb",
        "hsl",
        "hwb",
        "lab(",
        "lch(",
        "oklab(",
        "oklch(",
        "color(",
        "icc-color(",
        "url(",
    ];
    let is_made = begins.iter().any(|begins| value.starts_with(begins)) && !has_word(value);
    is_made || value.is_empty() || names::is_colour(value)
}

/// Letters that are commands of a path, without spaces between them.
fn is_path(word: &str) -> bool {
    word.chars().all(|c| "MmZzLlHhVvCcSsQqTtAaEe".contains(c))
}

/// Names of namespaces are addresses of whoever made them up; nobody opens them.
fn namespaces<'a>(walk: &mut Walk<'_>, document: &'a Document<'_>) {
    let nodes = document.root().descendants();
    let all: BTreeSet<(Option<&'a str>, &'a str)> = nodes
        .flat_map(|node| node.namespaces())
        .map(|namespace| (namespace.name(), namespace.uri()))
        .collect();
    for (prefix, uri) in all {
        words(walk, &format!("{}={uri}", prefix.unwrap_or_default()));
        let is_known = NAMESPACES.iter().any(|known| uri.starts_with(known));
        if !is_known || uri.len() > 100 || uri.contains(' ') {
            own_words(walk);
        }
    }
}

/// Something else than a part of the drawing itself: a picture in it, or a file by its name.
fn other(walk: &mut Walk<'_>, address: &str) {
    let scheme: String = address
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(5)
        .collect();
    if scheme.eq_ignore_ascii_case("data:") {
        // Nobody looks into the pictures in it.
        walk.tell(Tells::Place);
        walk.refuse("it is a drawing with pictures inside");
    } else {
        words(walk, address);
        walk.refuse("it is a drawing that names other files or pages");
    }
}

fn words(walk: &mut Walk<'_>, told: &str) {
    let told = told.trim();
    if told.is_empty() {
        return;
    }
    let told = told.as_bytes();
    if in_text(told, &mut walk.budget) || in_drawing(told, &mut walk.budget) {
        walk.tell(Tells::Place);
        walk.refuse("it is a drawing that tells a place");
    }
}
