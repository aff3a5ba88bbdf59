//! What reading a drawing may cost: names, attributes and entities are counted before anybody reads
//! them, since readers compare each with all others, or write out each entity wherever it is named.

/// More attributes than any element has.
const MOST_ATTRIBUTES: usize = 256;
/// More prefixes than any drawing declares, although some declare them again and again.
const MOST_PREFIXES: usize = 512;
/// What entities may be written out to.
const LONGEST: usize = 1 << 20;

/// Whether a reader is done with it in time that its length explains.
pub fn is_readable(text: &str) -> bool {
    // Comments and texts in one piece may have any number of signs.
    let elements = text.split('<').filter(|element| !element.starts_with('!'));
    let attributes = elements.map(|element| {
        let inside = element.split('>').next().unwrap_or_default();
        inside.bytes().filter(|byte| *byte == b'=').count()
    });
    attributes.max().unwrap_or_default() <= MOST_ATTRIBUTES
        && text.matches("xmlns:").count() <= MOST_PREFIXES
        && written_out(text) <= LONGEST
}

/// At most so many bytes come of its entities.
fn written_out(text: &str) -> usize {
    let declared = text.match_indices("<!ENTITY").map(|(at, _)| {
        let rest = &text[at..];
        rest.find('>').unwrap_or(rest.len())
    });
    let all: usize = declared.sum();
    let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
    let named = text.split('&').skip(1).filter(|name| {
        !name.starts_with('#') && !known.iter().any(|known| name.starts_with(known))
    });
    all.saturating_mul(named.count())
}

#[cfg(test)]
mod tests {
    use super::is_readable;

    #[test]
    fn ordinary_drawings_are() {
        let entity = "<!DOCTYPE svg [<!ENTITY ns_svg \"http://www.w3.org/2000/svg\">]><svg xmlns=\"&ns_svg;\"/>";
        let path = format!("<svg><path d='{}'/></svg>", "M1,2 ".repeat(100_000));

        assert!(is_readable(entity) && is_readable(&path));
    }

    #[test]
    fn what_costs_more_than_it_is_long_is_not() {
        let many = |part: &str, times: usize| part.repeat(times);
        let attributes = format!("<svg {}/>", many("a='1' ", 40_000));
        let names = format!("<svg {}/>", many("xmlns:a='b' ", 9_000));
        let entity = format!(
            "<!DOCTYPE svg [<!ENTITY a \"{}\">]><svg>{}</svg>",
            many("x", 60_000),
            many("&a;", 15_000)
        );

        for drawing in [attributes, names, entity] {
            assert!(!is_readable(&drawing), "{}", &drawing[..40]);
        }
    }
}
