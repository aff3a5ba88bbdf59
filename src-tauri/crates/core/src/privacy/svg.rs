//! Drawings: read as the XML that they are. They go up as they are, or not at all: nothing is cut
//! out of a text that styles and scripts refer to.

use roxmltree::{Document, Node, NodeType, ParsingOptions};

use super::forms;
use super::place::{in_drawing, in_text};
use super::policy::Originals;
use super::walk::{Tells, Walk};

const XLINK: &str = "http://www.w3.org/1999/xlink";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Deeper than anybody draws; readers that follow go so deep themselves.
const MOST_NODES: u32 = 1 << 20;

/// Elements that show nothing, or anything.
const NOTES: &[&str] = &["metadata", "foreignObject", "script"];
/// Elements whose words are shown to who asks.
const OWN_WORDS: &[&str] = &["title", "desc"];
/// Attributes whose values are numbers, and no places.
const NUMBERS: &[&str] = &[
    "d",
    "points",
    "transform",
    "gradientTransform",
    "patternTransform",
    "viewBox",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "fx",
    "fy",
    "fr",
    "width",
    "height",
    "dx",
    "dy",
    "rotate",
    "offset",
    "values",
    "keyTimes",
    "keySplines",
    "keyPoints",
    "from",
    "to",
    "by",
    "dur",
    "begin",
    "end",
    "stdDeviation",
    "kernelMatrix",
    "kernelUnitLength",
    "tableValues",
    "style",
    "k1",
    "k2",
    "k3",
    "k4",
    "baseFrequency",
    "scale",
    "surfaceScale",
    "specularExponent",
    "specularConstant",
    "diffuseConstant",
    "slope",
    "intercept",
    "amplitude",
    "exponent",
    "z",
    "azimuth",
    "elevation",
    "limitingConeAngle",
    "pointsAtX",
    "pointsAtY",
    "pointsAtZ",
    "refX",
    "refY",
    "markerWidth",
    "markerHeight",
    "textLength",
    "startOffset",
    "pathLength",
    "radius",
    "order",
    "bias",
    "divisor",
    "targetX",
    "targetY",
    "seed",
    "opacity",
    "letter-spacing",
    "word-spacing",
    "baseline-shift",
    "enable-background",
    "color",
    "version",
];

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

/// What stands before the drawing: names for pieces of text, which may never be used.
fn declarations(walk: &mut Walk<'_>, text: &str, document: &Document<'_>) {
    let before = &text[..document.root_element().range().start];
    if let Some((_, told)) = before.split_once("<!ENTITY") {
        words(walk, told);
        if walk.originals == Originals::StripAll {
            walk.refuse("it is a drawing with words about itself inside");
        }
    }
}

fn look(walk: &mut Walk<'_>, node: &Node<'_, '_>, own: Option<&str>) {
    match node.node_type() {
        NodeType::Root => {}
        NodeType::Element => element(walk, node, own),
        NodeType::Text => {
            let parent = node.parent().map(|parent| parent.tag_name().name());
            let is_style = parent == Some("style");
            match node.text().unwrap_or_default() {
                told if is_style => style(walk, told),
                told => words(walk, told),
            }
        }
        NodeType::Comment => {
            words(walk, node.text().unwrap_or_default());
            if walk.originals == Originals::StripAll {
                walk.refuse("it is a drawing with words about itself inside");
            }
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
    if walk.originals == Originals::StripAll && OWN_WORDS.contains(&name.name()) {
        walk.refuse("it is a drawing with words about itself inside");
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
        if name == "style" || value.contains("url(") {
            style(walk, value);
        }
        if name.starts_with("aria-") && walk.originals == Originals::StripAll {
            walk.refuse("it is a drawing with words about itself inside");
        }
        if name.starts_with("data-") {
            walk.refuse("it is a drawing with metadata inside");
        }
        let are_numbers = NUMBERS.contains(&name)
            || [
                "stroke", "fill", "font", "stop-", "flood-", "clip", "mask", "marker",
            ]
            .iter()
            .any(|begins| name.starts_with(begins));
        if !are_numbers {
            words(walk, &format!("{name}={value}"));
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

/// Styles are numbers and names; what they show of elsewhere, and their comments, are not.
fn style(walk: &mut Walk<'_>, told: &str) {
    let spared: String = told.chars().filter(|c| !c.is_whitespace()).collect();
    let lower = spared.to_ascii_lowercase();
    for (at, _) in lower.match_indices("url(") {
        let address = spared[at + 4..].trim_start_matches(['"', '\'']);
        if !address.starts_with('#') {
            other(walk, address.split(')').next().unwrap_or_default());
        }
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
        if walk.originals == Originals::StripAll {
            walk.refuse("it is a drawing with words about itself inside");
        }
        rest = behind;
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
