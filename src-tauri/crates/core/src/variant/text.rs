//! The text form of a variant: `NAME=WxH:FIT:FORMAT:QUALITY:OPTION…`.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::{Effort, Fit, Format, GRAMMAR, Gravity, Mark, Region, Variant, Watermark};
use crate::error::{Code, Error, Result};

/// What would end a watermark's text too early.
const RESERVED: &AsciiSet = &CONTROLS.add(b':').add(b'%').add(b'=').add(b',');

impl fmt::Display for Variant {
    /// Everything but the name: two variants of the same text give the same picture.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}x{}:{}:{}:{}",
            self.width,
            self.height,
            self.fit.name(),
            self.format.name(),
            self.quality
        )?;
        if self.gravity != Gravity::default() {
            write!(f, ":gravity={}", self.gravity.name())?;
        }
        if let Some([r, g, b]) = self.background {
            write!(f, ":background={r:02x}{g:02x}{b:02x}")?;
        }
        if let Some(Region {
            left,
            top,
            width,
            height,
        }) = self.region
        {
            write!(f, ":region={left},{top},{width},{height}")?;
        }
        if let Some((width, height)) = self.ratio {
            write!(f, ":ratio={width}/{height}")?;
        }
        if self.effort != Effort::default() {
            write!(f, ":effort={}", self.effort.name())?;
        }
        let flags = [
            (self.baseline, "baseline"),
            (self.enlarge, "enlarge"),
            (self.linear, "linear"),
            (self.lossless, "lossless"),
            (self.still, "still"),
        ];
        for (_, word) in flags.into_iter().filter(|(set, _)| *set) {
            write!(f, ":{word}")?;
        }
        match (self.keep_icc, self.keep_copyright) {
            (true, true) => f.write_str(":keep=icc+copyright")?,
            (true, false) => f.write_str(":keep=icc")?,
            (false, true) => f.write_str(":keep=copyright")?,
            (false, false) => {}
        }
        if let Some(Watermark {
            what,
            position,
            opacity,
            size,
        }) = &self.watermark
        {
            let (kind, text) = match what {
                Mark::Picture(path) => ("picture", path.to_string_lossy()),
                Mark::Text(text) => ("text", text.into()),
            };
            write!(
                f,
                ":mark={},{opacity},{size},{kind},{}",
                position.name(),
                utf8_percent_encode(&text, RESERVED)
            )?;
        }
        Ok(())
    }
}

impl FromStr for Variant {
    type Err = Error;

    /// Reads `NAME=WxH:FIT:FORMAT:QUALITY:OPTION…`; everything after the size may be left out, and
    /// so may `NAME=`.
    ///
    /// The quality is a number, `auto` or `auto:NN`, also as `quality=…`.
    /// Options: `gravity=attention`, `background=ffffff`, `region=LEFT,TOP,WIDTH,HEIGHT`,
    /// `ratio=16/9`, `effort=best`, `baseline`, `enlarge`, `linear`, `lossless`, `still`,
    /// `keep=icc+copyright`, `mark=POSITION,OPACITY,SIZE,text,WORDS` or `…,picture,PATH`
    /// (percent-encoded).
    fn from_str(text: &str) -> Result<Self> {
        let refuse = |why: String| {
            Error::new(Code::VariantInvalid, format!("variant \"{text}\" {why}")).hint(GRAMMAR)
        };
        let (name, spec) = match text.split_once('=') {
            Some((name, spec)) if !name.contains(':') => (Some(name), spec),
            _ => (None, text),
        };
        let mut parts = spec.split(':').peekable();
        let size = parts.next().unwrap_or_default();
        let (width, height) = numbers(size, ['x', 'X'])
            .ok_or_else(|| refuse(format!("has no size like 400x300 but \"{size}\"")))?;
        let mut variant = Self {
            name: name.map_or_else(|| size.to_owned(), str::to_owned),
            ..Self::sized(width, height)
        };
        if let Some(fit) = parts.next() {
            variant.fit = word(fit, "fit", Fit::named, Fit::ALL, Fit::name).map_err(&refuse)?;
        }
        if let Some(format) = parts.next() {
            let format = if format == "jpg" { "jpeg" } else { format };
            variant.format = word(format, "format", Format::named, Format::ALL, Format::name)
                .map_err(&refuse)?;
        }
        let is_number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
        let mut is_told = false;
        while let Some(part) = parts.next() {
            let given = part.strip_prefix("quality=").unwrap_or(part);
            if given == "auto" {
                // Its target is a part of its own.
                let target = parts.next_if(|next| is_number(next));
                let whole = target.map_or_else(|| given.to_owned(), |own| format!("{given}:{own}"));
                variant.quality = whole.parse().map_err(&refuse)?;
                told_once(&mut is_told).map_err(&refuse)?;
            } else if given != part || is_number(given) || is_number(given.trim_start_matches('q'))
            {
                variant.quality = given.parse().map_err(&refuse)?;
                told_once(&mut is_told).map_err(&refuse)?;
            } else {
                variant.set(part).map_err(&refuse)?;
            }
        }
        variant.check()?;
        Ok(variant)
    }
}

impl Variant {
    fn set(&mut self, option: &str) -> Result<(), String> {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        let nonsense = || format!("has \"{option}\", which it cannot read");
        match key {
            "gravity" => {
                self.gravity = word(
                    value,
                    "gravity",
                    Gravity::named,
                    Gravity::ALL,
                    Gravity::name,
                )?
            }
            "effort" => {
                self.effort = word(value, "effort", Effort::named, Effort::ALL, Effort::name)?
            }
            "background" => self.background = Some(colour(value).ok_or_else(nonsense)?),
            "ratio" => self.ratio = Some(numbers(value, ['/', 'x']).ok_or_else(nonsense)?),
            "region" => self.region = Some(region(value).ok_or_else(nonsense)?),
            "mark" => self.watermark = Some(watermark(value).ok_or_else(nonsense)?),
            "keep" => {
                for kept in value.split('+') {
                    match kept {
                        "icc" => self.keep_icc = true,
                        "copyright" => self.keep_copyright = true,
                        _ => return Err(nonsense()),
                    }
                }
            }
            "baseline" | "enlarge" | "linear" | "lossless" | "still" if !value.is_empty() => {
                return Err(nonsense());
            }
            "baseline" => self.baseline = true,
            "enlarge" => self.enlarge = true,
            "linear" => self.linear = true,
            "lossless" => self.lossless = true,
            "still" => self.still = true,
            _ => return Err(format!("has the option \"{key}\", which there is none of")),
        }
        Ok(())
    }
}

fn told_once(is_told: &mut bool) -> Result<(), String> {
    if std::mem::replace(is_told, true) {
        return Err("has two qualities".into());
    }
    Ok(())
}

fn word<T: Copy>(
    given: &str,
    what: &str,
    named: impl Fn(&str) -> Option<T>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    named(given).ok_or_else(|| {
        let names: Vec<&str> = all.iter().copied().map(name).collect();
        format!(
            "asks for the {what} \"{given}\"; there are {}",
            names.join(", ")
        )
    })
}

fn numbers(text: &str, between: [char; 2]) -> Option<(u32, u32)> {
    let (first, second) = text.split_once(between)?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

fn colour(text: &str) -> Option<[u8; 3]> {
    hex::decode(text.trim_start_matches('#'))
        .ok()?
        .try_into()
        .ok()
}

fn region(text: &str) -> Option<Region> {
    let sides: Vec<u32> = text
        .split(',')
        .map(|side| side.parse().ok())
        .collect::<Option<_>>()?;
    let [left, top, width, height] = sides.try_into().ok()?;
    Some(Region {
        left,
        top,
        width,
        height,
    })
}

fn watermark(text: &str) -> Option<Watermark> {
    let mut parts = text.splitn(5, ',');
    let position = Gravity::named(parts.next()?)?;
    let (opacity, size) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let kind = parts.next()?;
    let content = percent_decode_str(parts.next()?)
        .decode_utf8()
        .ok()?
        .into_owned();
    let what = match kind {
        "text" => Mark::Text(content),
        "picture" => Mark::Picture(content.into()),
        _ => return None,
    };
    Some(Watermark {
        what,
        position,
        opacity,
        size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::Quality;

    #[test]
    fn reads_what_it_writes() -> Result<()> {
        let web: Variant = "web=1600x1200:inside:webp:75".parse()?;
        assert_eq!(
            (web.width, web.height, web.fit, web.format, web.quality),
            (1600, 1200, Fit::Inside, Format::Webp, Quality::Fixed(75))
        );
        let everything = "all=640x360:cover:avif:50:gravity=attention:background=0a0b0c:region=1,2,300,400:ratio=16/9:effort=best\
                          :baseline:enlarge:linear:lossless:still:keep=icc+copyright:mark=southwest,50,30,text,%C2%A9 A%3A B%2C%25";
        for text in [
            "web=1600x1200:inside:webp:75",
            "web=1600x1200:inside:webp:auto",
            "web=1600x1200:inside:auto:auto:60:still",
            "web=1600x1200:inside:avif:quality=auto:61",
            everything,
        ] {
            let variant: Variant = text.parse()?;
            assert_eq!(
                format!("{}={variant}", variant.name).parse::<Variant>()?,
                variant
            );
        }
        let variant: Variant = everything.parse()?;
        assert_eq!(
            variant.watermark.expect("watermark").what,
            Mark::Text("© A: B,%".into())
        );
        Ok(())
    }

    #[test]
    fn fills_in_what_is_left_out() -> Result<()> {
        assert_eq!("400x300".parse::<Variant>()?, Variant::sized(400, 300));
        assert_eq!(
            "400x300:cover:jpeg:still".parse::<Variant>()?,
            Variant {
                still: true,
                ..Variant::sized(400, 300)
            }
        );
        Ok(())
    }

    #[test]
    fn settings_of_the_first_version_are_read() {
        let old = r#"{"name":"a","width":4,"height":3,"fit":"cover","format":"jpeg","quality":80}"#;
        let variant: Variant = serde_json::from_str(old).expect("readable");
        assert_eq!(
            variant,
            Variant {
                name: "a".into(),
                ..Variant::sized(4, 3)
            }
        );
        assert_eq!(
            serde_json::to_string(&variant).expect("text"),
            old,
            "nothing is written that was not asked for"
        );
    }

    #[test]
    fn refuses_nonsense_in_a_sentence() {
        for bad in [
            "",
            "web=",
            "web=0x5",
            "web=5x99999",
            "a/b=5x5",
            "..=5x5",
            "w=5x5:stretch",
            "w=5x5:cover:bmp",
            "w=5x5:cover:png:0",
            "w=5x5:cover:png:200",
            "w=5x5:cover:png:80:x",
            "w=5x5:cover:jpeg:auto:80:70",
            "w=5x5:cover:jpeg:auto:q60",
            "w=5x5:cover:jpeg:auto:200",
            "w=5x5:cover:jpeg:quality=best",
            "w=5x5:cover:png:80:ratio=0/1",
            "w=5x5:cover:png:80:region=1,2,3",
            "w=5x5:cover:png:80:background=red",
            "w=5x5:cover:png:80:keep=gps",
            "w=5x5:cover:png:80:still=1",
            "w=5x5:cover:png:80:mark=attention,50,50,text,x",
            "w=5x5:cover:png:80:mark=north,0,50,text,x",
        ] {
            let error = bad.parse::<Variant>().map(|v| v.name).expect_err(bad);
            assert_eq!(error.code, Code::VariantInvalid, "{bad}");
            assert!(error.hint.is_some());
        }
    }
}
