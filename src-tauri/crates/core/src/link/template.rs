//! A shape of one's own: `<img src="{url}" width="{width}" style="background:{colour}" alt="{alt}">`.

use std::borrow::Cow;

use super::Linkable;
use crate::error::{Code, Error, Result};

/// What a token can stand for.
const TOKENS: [&str; 7] = [
    "url",
    "alt",
    "name",
    "width",
    "height",
    "thumbhash",
    "colour",
];
/// Those that a variant has, too: `{url:web}`.
const OF_VARIANTS: [&str; 3] = ["url", "width", "height"];

/// Text with tokens in braces. Braces around anything that is no word, as in JSON, stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    into: Language,
}

/// What a template writes: what is filled in must not break out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Html,
    Markdown,
    Json,
    Plain,
}

impl Language {
    fn of(template: &str) -> Self {
        let begins = template.trim_start();
        if template.contains('<') {
            Self::Html
        } else if template.contains("](") {
            Self::Markdown
        } else if begins.starts_with(['{', '[']) && begins.contains('"') {
            Self::Json
        } else {
            Self::Plain
        }
    }

    fn quoted(self, value: &str) -> String {
        let plain: String = value.chars().filter(|char| !char.is_control()).collect();
        match self {
            Self::Html => super::attribute(&plain),
            Self::Markdown => plain.replace(['[', ']'], " "),
            // A string's JSON is the string between two quotes.
            Self::Json => {
                let json = serde_json::Value::from(plain).to_string();
                json[1..json.len() - 1].to_owned()
            }
            Self::Plain => plain,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Token {
        name: String,
        variant: Option<String>,
    },
}

/// What is filled in for one object of a job.
#[derive(Debug, Clone, Default)]
pub struct Values<'a> {
    /// The object itself.
    pub own: Linkable<'a>,
    /// The file's name.
    pub name: &'a str,
    /// ThumbHash in Base64, and a colour; empty where there are none.
    pub thumbhash: String,
    /// `#rrggbb`
    pub colour: String,
    /// The job's variants that are in the bucket, by name.
    pub variants: Vec<(&'a str, Linkable<'a>)>,
}

impl Template {
    /// # Errors
    /// `template-token` for a word in braces that stands for nothing.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let (mut rest, mut plain) = (text, String::new());
        while let Some(open) = rest.find('{') {
            let (before, after) = (&rest[..open], &rest[open + 1..]);
            plain.push_str(before);
            match after
                .find('}')
                .map(|close| (&after[..close], &after[close + 1..]))
            {
                Some((word, later)) if is_word(word) => {
                    let token = token(word)?;
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(token);
                    rest = later;
                }
                _ => {
                    plain.push('{');
                    rest = after;
                }
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self {
            into: Language::of(text),
            parts,
        })
    }

    /// The variants it names.
    pub fn variants(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Token { variant, .. } => variant.as_deref(),
            Part::Text(_) => None,
        })
    }

    /// The text to paste.
    pub fn filled(&self, values: &Values<'_>) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => Cow::Borrowed(text.as_str()),
            Part::Token { name, variant } => {
                let value = values.of(name, variant.as_deref());
                self.into.quoted(&value).into()
            }
        });
        parts.collect()
    }
}

impl Values<'_> {
    fn of(&self, token: &str, variant: Option<&str>) -> Cow<'_, str> {
        // Of a variant that was not made the object itself is better than nothing.
        let named = self
            .variants
            .iter()
            .find(|(name, _)| Some(*name) == variant);
        let Linkable { url, size } = named.map_or(&self.own, |(_, variant)| variant);
        let side = |side: Option<u32>| side.map_or_else(String::new, |side| side.to_string());
        match token {
            "url" => Cow::Borrowed(*url),
            "width" => side(size.map(|size| size.0)).into(),
            "height" => side(size.map(|size| size.1)).into(),
            "name" => self.name.into(),
            "alt" => super::alt(self.name).into(),
            "thumbhash" => self.thumbhash.as_str().into(),
            _ => self.colour.as_str().into(),
        }
    }
}

/// Braces around anything else belong to the text.
fn is_word(text: &str) -> bool {
    let (name, variant) = text.split_once(':').unwrap_or((text, ""));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()) && variant.chars().all(plain)
}

fn token(word: &str) -> Result<Part> {
    let (name, variant) = word
        .split_once(':')
        .map_or((word, None), |(name, variant)| (name, Some(variant)));
    let known = match variant {
        None => TOKENS.contains(&name),
        Some(variant) => OF_VARIANTS.contains(&name) && !variant.is_empty(),
    };
    if !known {
        let told = format!("the link template has {{{word}}}, which stands for nothing");
        return Err(Error::new(Code::TemplateToken, told).hint(
            "there are {url} {alt} {name} {width} {height} {thumbhash} {colour}, and {url:NAME} {width:NAME} {height:NAME} of a variant",
        ));
    }
    Ok(Part::Token {
        name: name.into(),
        variant: variant.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values<'static> {
        Values {
            own: Linkable {
                url: "https://c/a%20b.jpg",
                size: Some((4000, 3000)),
            },
            name: "a \"b\".jpg",
            thumbhash: "1QcSHQRnh493".into(),
            colour: "#0a780c".into(),
            variants: vec![(
                "web",
                Linkable {
                    url: "https://c/web.jpg",
                    size: Some((800, 600)),
                },
            )],
        }
    }

    fn filled(text: &str) -> String {
        Template::parse(text).expect(text).filled(&values())
    }

    #[test]
    fn every_token_is_filled_in() {
        assert_eq!(
            filled(
                "{name}|{alt}|{url}|{width}x{height}|{thumbhash}|{colour}|{url:web} {width:web}"
            ),
            "a \"b\".jpg|a \"b\"|https://c/a%20b.jpg|4000x3000|1QcSHQRnh493|#0a780c|https://c/web.jpg 800"
        );
        assert_eq!(filled("{url:gone}"), "https://c/a%20b.jpg");
    }

    #[test]
    fn what_is_filled_into_html_stays_inside() {
        assert_eq!(
            filled("<img alt=\"{alt}\" style=\"background:{colour}\">"),
            "<img alt=\"a &quot;b&quot;\" style=\"background:#0a780c\">"
        );
    }

    #[test]
    fn a_name_does_not_break_out_of_what_it_is_put_into() {
        let named = |template: &str, name: &'static str| {
            let values = Values { name, ..values() };
            Template::parse(template).expect(template).filled(&values)
        };

        assert_eq!(
            named("<img alt='{alt}'>", "x' onerror='alert(1).png"),
            "<img alt='x&#39; onerror=&#39;alert(1)'>"
        );
        assert_eq!(
            named("![{alt}]({url:web})", "a](x) ![b.png"),
            "![a (x) ! b](https://c/web.jpg)"
        );
        assert_eq!(
            named("{\"alt\": \"{alt}\"}", "a\"b\\.png"),
            "{\"alt\": \"a\\\"b\\\\\"}"
        );
        assert_eq!(named("{name}", "a\u{1b}[2J\n.png"), "a[2J.png");
    }

    #[test]
    fn other_braces_are_text() {
        assert_eq!(
            filled("{\"src\": \"{url}\"} { } {"),
            "{\"src\": \"https://c/a%20b.jpg\"} { } {"
        );
    }

    #[test]
    fn a_word_that_stands_for_nothing_is_named() {
        for bad in ["{ulr}", "{thumbhash:web}", "{url:}"] {
            let error = Template::parse(bad).expect_err(bad);
            assert_eq!(error.code, Code::TemplateToken);
            assert!(error.message.contains(bad), "{error}");
        }
    }
}
