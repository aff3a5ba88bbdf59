//! Links: what a person pastes.

mod template;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

pub use template::{Template, Values};

/// Everything but RFC 3986's unreserved characters is encoded, segment by segment, so that every
/// name works in every place a link is pasted.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The address of a key below a public base URL.
pub fn url(base: &str, key: &str) -> String {
    let path: Vec<String> = key
        .split('/')
        .map(|segment| utf8_percent_encode(segment, SEGMENT).to_string())
        .collect();
    format!("{}/{}", base.trim_end_matches('/'), path.join("/"))
}

/// The shapes a link can be copied in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum LinkFormat {
    /// The bare address.
    Url,
    /// `![alt](address)`
    Markdown,
    /// An `<img>` with its size.
    Html,
    /// An `<img>` that lets the browser choose among all variants.
    Srcset,
    /// `[img]address[/img]`
    Bbcode,
    /// The settings' own [`Template`].
    Own,
}

/// One object that can be linked.
#[derive(Debug, Clone, Default)]
pub struct Linkable<'a> {
    /// Its address.
    pub url: &'a str,
    /// Pixels, where it is a picture.
    pub size: Option<(u32, u32)>,
}

/// The text to paste for one object. `siblings` are all pictures of the job, for `srcset`.
pub fn format(
    shape: LinkFormat,
    name: &str,
    object: &Linkable<'_>,
    siblings: &[Linkable<'_>],
) -> String {
    let alt = alt(name);
    match shape {
        LinkFormat::Url | LinkFormat::Own => object.url.to_owned(),
        LinkFormat::Markdown => {
            format!("![{}]({})", alt.replace(['[', ']', '\n'], " "), object.url)
        }
        LinkFormat::Html => format!(
            "<img src=\"{}\"{} alt=\"{}\">",
            object.url,
            dimensions(object),
            attribute(alt)
        ),
        LinkFormat::Srcset => srcset(alt, object, siblings),
        LinkFormat::Bbcode => format!("[img]{}[/img]", object.url),
    }
}

/// What is said of a picture nobody has described.
fn alt(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn dimensions(object: &Linkable<'_>) -> String {
    object.size.map_or_else(String::new, |(width, height)| {
        format!(" width=\"{width}\" height=\"{height}\"")
    })
}

fn srcset(alt: &str, object: &Linkable<'_>, siblings: &[Linkable<'_>]) -> String {
    let mut choices: Vec<(u32, &str)> = siblings
        .iter()
        .filter_map(|sibling| sibling.size.map(|(width, _)| (width, sibling.url)))
        .collect();
    choices.sort_unstable();
    choices.dedup_by_key(|(width, _)| *width);
    let list: Vec<String> = choices
        .iter()
        .map(|(width, url)| format!("{url} {width}w"))
        .collect();
    let sizes = object.size.map_or_else(
        || "100vw".to_owned(),
        |(width, _)| format!("(max-width: {width}px) 100vw, {width}px"),
    );
    format!(
        "<img src=\"{}\" srcset=\"{}\" sizes=\"{sizes}\"{} alt=\"{}\">",
        object.url,
        list.join(", "),
        dimensions(object),
        attribute(alt)
    )
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naughty_names_are_encoded_per_segment() {
        assert_eq!(
            url("https://cdn.example/x/", "a b/+%#?&'é😀.jpg"),
            "https://cdn.example/x/a%20b/%2B%25%23%3F%26%27%C3%A9%F0%9F%98%80.jpg"
        );
    }

    #[test]
    fn shapes_are_ready_to_paste() {
        let small = Linkable {
            url: "https://c/400.jpg",
            size: Some((400, 300)),
        };
        let large = Linkable {
            url: "https://c/800.jpg",
            size: Some((800, 600)),
        };
        let all = [small.clone(), large.clone()];
        assert_eq!(
            format(LinkFormat::Markdown, "a[1].jpg", &small, &all),
            "![a 1 ](https://c/400.jpg)"
        );
        assert_eq!(
            format(LinkFormat::Html, "\"<x>\".jpg", &small, &all),
            "<img src=\"https://c/400.jpg\" width=\"400\" height=\"300\" alt=\"&quot;&lt;x&gt;&quot;\">"
        );
        assert!(
            format(LinkFormat::Srcset, "a.jpg", &large, &all)
                .contains("srcset=\"https://c/400.jpg 400w, https://c/800.jpg 800w\"")
        );
    }
}
