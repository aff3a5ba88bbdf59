//! Object keys, made from templates like `{yyyy}/{mm}/{name}`.
//!
//! A template is read once, when it is set; a key is rendered for each object. Both ends refuse
//! anything that would leave the place it is meant for: no `..`, no control characters, at most
//! 1,024 bytes (the S3 limit).

use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use crate::error::{Code, Error, Result};
use crate::variant::Variant;

const LONGEST_KEY: usize = 1024;
const TOKENS: &str =
    "{name} {stem} {ext} {variant} {width} {height} {yyyy} {mm} {dd} {sha256:N} {uuid} {folder}";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name,
    Stem,
    Ext,
    Variant,
    Width,
    Height,
    Year,
    Month,
    Day,
    Sha256(usize),
    Uuid,
    Folder,
}

/// A key template that has been read and found sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

/// What a source file offers to its keys.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// The file's name.
    pub file_name: &'a str,
    /// Where it lies relative to what was dropped or is watched, `/` between the parts; may be
    /// empty.
    pub folder: &'a str,
    /// SHA-256 of the content, 64 hex digits.
    pub sha256: &'a str,
    /// The job's own id.
    pub uuid: &'a str,
    /// Capture date, else the file's: year, month, day.
    pub date: (i16, i8, i8),
}

/// Which object of the source the key is for.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The file as it is, with its size in pixels if it is a picture.
    Original(Option<(u32, u32)>),
    /// A rendition of it, with its real size in pixels.
    Variant(&'a Variant, (u32, u32)),
}

impl Template {
    /// Reads a template. Unknown tokens, `..`, a leading `/` and unclosed braces are refused.
    pub fn parse(source: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut rest = source;
        while let Some(open) = rest.find('{') {
            push_text(&mut pieces, &rest[..open]);
            let Some(close) = rest[open..].find('}') else {
                return Err(token_error(source, &rest[open..], "is not closed"));
            };
            pieces.push(read_token(source, &rest[open + 1..open + close])?);
            rest = &rest[open + close + 1..];
        }
        push_text(&mut pieces, rest);
        let template = Self {
            source: source.to_owned(),
            pieces,
        };
        template.check_literal()?;
        Ok(template)
    }

    fn check_literal(&self) -> Result<()> {
        if self.pieces.is_empty() {
            return Err(Error::new(Code::TemplateToken, "the key template is empty")
                .hint("write for example originals/{name}"));
        }
        if self
            .source
            .split(['/', '\\'])
            .any(|segment| matches!(segment.trim(), "." | ".."))
        {
            return Err(escapes(&self.source));
        }
        if self.source.starts_with('/')
            || self.source.contains('\\')
            || self.source.chars().any(char::is_control)
        {
            return Err(Error::new(
                Code::TemplateEscapes,
                format!("the key template \"{}\" begins with \"/\" or has a backslash or control character", self.source),
            )
            .hint("separate folders by \"/\" and begin with a name"));
        }
        Ok(())
    }

    /// Whether keys depend on when a picture was taken.
    pub fn tells_day(&self) -> bool {
        let is_of_day = |piece: &Piece| matches!(piece, Piece::Year | Piece::Month | Piece::Day);
        self.pieces.iter().any(is_of_day)
    }

    /// The key of one object.
    pub fn render(&self, source: &Source<'_>, subject: Subject<'_>) -> Result<String> {
        let name = subject.name(source);
        let (stem, ext) = split_name(&name);
        let mut key = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => key.push_str(text),
                Piece::Name => key.push_str(&name),
                Piece::Stem => key.push_str(stem),
                // `{stem}.{ext}` of a name without an ending has nothing for its dot to stand
                // before.
                Piece::Ext if ext.is_empty() => {
                    key.truncate(key.strip_suffix('.').map_or(key.len(), str::len))
                }
                Piece::Ext => key.push_str(ext),
                Piece::Variant => key.push_str(subject.variant_name()),
                Piece::Width => key.push_str(&self.side(subject, "{width}", |(width, _)| width)?),
                Piece::Height => {
                    key.push_str(&self.side(subject, "{height}", |(_, height)| height)?)
                }
                Piece::Year => key.push_str(&format!("{:04}", source.date.0)),
                Piece::Month => key.push_str(&format!("{:02}", source.date.1)),
                Piece::Day => key.push_str(&format!("{:02}", source.date.2)),
                Piece::Sha256(digits) => key.push_str(&source.sha256[..*digits]),
                Piece::Uuid => key.push_str(source.uuid),
                Piece::Folder => key.extend(source.folder.nfc()),
            }
        }
        check_key(&self.source, source, &key)
    }

    fn side(
        &self,
        subject: Subject<'_>,
        token: &str,
        pick: fn((u32, u32)) -> u32,
    ) -> Result<String> {
        match subject {
            Subject::Original(Some(size)) | Subject::Variant(_, size) => Ok(pick(size).to_string()),
            Subject::Original(None) => Err(Error::new(
                Code::TemplateToken,
                format!(
                    "the key template \"{}\" uses {token}, and this file is no picture",
                    self.source
                ),
            )
            .hint("use {name} or {sha256:8} for files of every kind")),
        }
    }
}

impl Subject<'_> {
    /// The object's file name. A variant keeps its source's name where the extension is right, and
    /// adds its own where it is not: so the variants of `a.png` and `a.jpg` never share a name,
    /// whichever came first.
    fn name(&self, source: &Source<'_>) -> String {
        let name: String = source.file_name.nfc().collect();
        match self {
            Self::Original(_) => name,
            Self::Variant(variant, _) if variant.format.owns_extension(split_name(&name).1) => name,
            Self::Variant(variant, _) => format!("{name}.{}", variant.format.extension()),
        }
    }

    fn variant_name(&self) -> &str {
        match self {
            Self::Original(_) => "original",
            Self::Variant(variant, _) => &variant.name,
        }
    }
}

/// One text for all spellings of a key that differ in case or Unicode composition only.
pub fn folded(key: &str) -> String {
    key.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// The key with a piece of the content's hash before its extension: the way out when other content
/// holds the key.
pub fn with_hash(key: &str, sha256: &str, digits: usize) -> String {
    let (folder, name) = key
        .rsplit_once('/')
        .map_or(("", key), |(folder, name)| (folder, name));
    let (stem, ext) = split_name(name);
    let slash = if folder.is_empty() { "" } else { "/" };
    let dot = if ext.is_empty() { "" } else { "." };
    format!("{folder}{slash}{stem}-{}{dot}{ext}", &sha256[..digits])
}

/// A file's name as text; what is not Unicode in it becomes `_`.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| {
        name.to_string_lossy().replace('\u{fffd}', "_")
    })
}

fn split_name(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, ext)) if !stem.is_empty() => (stem, ext),
        _ => (name, ""),
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

fn read_token(source: &str, token: &str) -> Result<Piece> {
    Ok(match token {
        "name" => Piece::Name,
        "stem" => Piece::Stem,
        "ext" => Piece::Ext,
        "variant" => Piece::Variant,
        "width" => Piece::Width,
        "height" => Piece::Height,
        "yyyy" => Piece::Year,
        "mm" => Piece::Month,
        "dd" => Piece::Day,
        "uuid" => Piece::Uuid,
        "folder" => Piece::Folder,
        _ => match token.strip_prefix("sha256:").map(str::parse::<usize>) {
            Some(Ok(digits @ 1..=64)) => Piece::Sha256(digits),
            Some(_) => {
                return Err(token_error(
                    source,
                    &format!("{{{token}}}"),
                    "takes 1 to 64 digits",
                ));
            }
            None => return Err(token_error(source, &format!("{{{token}}}"), "is unknown")),
        },
    })
}

fn token_error(template: &str, token: &str, why: &str) -> Error {
    Error::new(
        Code::TemplateToken,
        format!("{token} in the key template \"{template}\" {why}"),
    )
    .hint(format!("there are {TOKENS}"))
}

fn escapes(template: &str) -> Error {
    Error::new(
        Code::TemplateEscapes,
        format!("the key template \"{template}\" leaves its folder through \"..\""),
    )
    .hint("remove \"..\" from the template")
}

/// Checks a finished key; empty segments (an empty `{folder}`) are closed up.
fn check_key(template: &str, source: &Source<'_>, key: &str) -> Result<String> {
    let segments: Vec<&str> = key
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    if segments
        .iter()
        .any(|segment| matches!(segment.trim(), "." | ".."))
    {
        return Err(escapes(template));
    }
    let key = segments.join("/");
    let why = if key.is_empty() {
        "an empty key"
    } else if key.len() > LONGEST_KEY {
        "a key of over 1,024 bytes"
    } else if key.chars().any(char::is_control) {
        "a key with control characters"
    } else {
        return Ok(key);
    };
    let told = format!(
        "{:?}: the key template \"{template}\" gives {why}",
        source.file_name
    );
    Err(Error::new(Code::KeyInvalid, told).hint("rename the file, or change the template"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file_name: &str) -> Source<'_> {
        Source {
            file_name,
            folder: "Trips/Rome",
            sha256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            uuid: "8e7c",
            date: (2019, 7, 4),
        }
    }

    fn render(template: &str, file_name: &str) -> Result<String> {
        Template::parse(template)?.render(&source(file_name), Subject::Original(Some((4000, 3000))))
    }

    #[test]
    fn every_token_has_its_value() -> Result<()> {
        let key = render(
            "{yyyy}/{mm}/{dd}/{folder}/{variant}-{width}x{height}/{stem}_{sha256:6}_{uuid}.{ext}",
            "a b.JPG",
        )?;
        assert_eq!(
            key,
            "2019/07/04/Trips/Rome/original-4000x3000/a b_012345_8e7c.JPG"
        );
        Ok(())
    }

    #[test]
    fn year_month_and_day_tell_when_a_picture_was_taken() -> Result<()> {
        for (template, tells) in [
            ("{name}", false),
            ("year/{sha256:8}/{folder}/{name}", false),
            ("{yyyy}/{name}", true),
            ("{mm}-{name}", true),
            ("{name}-{dd}", true),
        ] {
            assert_eq!(Template::parse(template)?.tells_day(), tells, "{template}");
        }
        Ok(())
    }

    #[test]
    fn a_template_that_begins_or_parts_its_folders_in_a_wrong_way_is_refused() {
        for wrong in ["/{name}", "a\\{name}", "a\n{name}", "a/../{name}"] {
            let error = Template::parse(wrong).expect_err(wrong);
            assert_eq!(error.code, Code::TemplateEscapes, "{wrong}");
        }
    }

    #[test]
    fn a_key_has_1024_bytes_at_most() {
        let of = |length: usize| render(&format!("{}/{{name}}", "f".repeat(length - 6)), "a.jpg");

        assert_eq!(of(1024).expect("the longest").len(), 1024);
        assert_eq!(of(1025).expect_err("too long").code, Code::KeyInvalid);
    }

    #[test]
    fn variants_of_twins_never_share_a_key() -> Result<()> {
        let template = Template::parse("{variant}/{name}")?;
        let variant = Variant::sized(400, 300);
        let of = |name| template.render(&source(name), Subject::Variant(&variant, (400, 300)));
        assert_eq!(of("a.jpg")?, "400x300/a.jpg");
        assert_eq!(of("a.JPEG")?, "400x300/a.JPEG");
        assert_eq!(of("a.png")?, "400x300/a.png.jpg");
        Ok(())
    }

    #[test]
    fn decomposed_and_composed_names_are_one() -> Result<()> {
        assert_eq!(
            render("{name}", "Cafe\u{301}.jpg")?,
            render("{name}", "Caf\u{e9}.jpg")?
        );
        Ok(())
    }

    #[test]
    fn folders_are_composed_as_names_are() -> Result<()> {
        let template = Template::parse("{folder}/{name}")?;
        let of = |folder: &'static str| {
            template.render(
                &Source {
                    folder,
                    ..source("a.jpg")
                },
                Subject::Original(None),
            )
        };
        assert_eq!(of("Cafe\u{301}/x")?, of("Caf\u{e9}/x")?);
        Ok(())
    }

    #[test]
    fn no_ending_leaves_no_dot_behind() -> Result<()> {
        assert_eq!(render("{stem}.{ext}", "noext")?, "noext");
        assert_eq!(render("{stem}-{width}.{ext}", "noext")?, "noext-4000");
        assert_eq!(render("{ext}/{stem}", "noext")?, "noext");
        assert_eq!(render("{stem}.{ext}", ".hidden")?, ".hidden");
        Ok(())
    }

    #[test]
    fn nothing_leaves_its_folder() {
        for bad in [
            "../{name}",
            "a/../{name}",
            "a/..",
            "./{name}",
            "/{name}",
            "a\\..\\{name}",
            "x/ .. /{name}",
        ] {
            let error = Template::parse(bad).map(|_| ()).expect_err(bad);
            assert_eq!(error.code, Code::TemplateEscapes, "{bad}");
        }
        let mut tricky = source("..");
        tricky.folder = "../../etc";
        let template = Template::parse("{folder}/{name}").expect("sound template");
        let error = template
            .render(&tricky, Subject::Original(None))
            .expect_err("escapes");
        assert_eq!(error.code, Code::TemplateEscapes);
    }

    #[test]
    fn unknown_tokens_are_named() {
        let error = Template::parse("{nmae}").expect_err("unknown");
        assert_eq!(error.code, Code::TemplateToken);
        assert!(error.message.contains("{nmae}"), "{error}");
        assert!(
            Template::parse("{name").is_err()
                && Template::parse("{sha256:65}").is_err()
                && Template::parse("").is_err()
        );
    }

    #[test]
    fn a_missing_picture_size_is_said() {
        let template = Template::parse("{width}/{name}").expect("sound template");
        assert!(
            template
                .render(&source("a.pdf"), Subject::Original(None))
                .is_err()
        );
    }

    #[test]
    fn the_hash_goes_before_the_extension() {
        assert_eq!(with_hash("a/b.tar.gz", "0123456789", 4), "a/b.tar-0123.gz");
        assert_eq!(with_hash(".hidden", "0123456789", 4), ".hidden-0123");
    }
}
