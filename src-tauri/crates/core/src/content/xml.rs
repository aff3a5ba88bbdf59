//! What the root of an XML text is.

/// Whether a text's root is `svg`, wherever comments and declarations leave it. Where the beginning
/// ends before the root does, the name decides.
pub(super) fn is_svg(head: &[u8], named: bool) -> bool {
    let text = in_single_bytes(head);
    let mut rest = text.as_slice();
    loop {
        rest = rest.trim_ascii_start();
        let passed = match rest {
            [b'<', b'?', ..] => after(rest, b"?>"),
            [b'<', b'!', b'-', b'-', ..] => after(rest, b"-->"),
            // With a list of declarations of its own.
            [b'<', b'!', ..] => match rest.iter().position(|byte| matches!(byte, b'[' | b'>')) {
                Some(at) if rest[at] == b'[' => {
                    after(&rest[at..], b"]").and_then(|rest| after(rest, b">"))
                }
                Some(at) => rest.get(at + 1..),
                None => None,
            },
            [b'<', root @ ..] => return is_named_svg(root),
            [] => return named && text.starts_with(b"<"),
            _ => return false,
        };
        match passed {
            Some(more) => rest = more,
            // It goes on behind what is seen of it.
            None => return named,
        }
    }
}

fn after<'a>(text: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(end.len()).position(|window| window == end)?;
    text.get(at + end.len()..)
}

/// `svg`, with or without a prefix.
fn is_named_svg(root: &[u8]) -> bool {
    let end = root
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
        .unwrap_or(root.len());
    let name = &root[..end];
    name == b"svg" || name.ends_with(b":svg")
}

/// Without marks of byte order, and without the zeros of UTF-16: what matters is ASCII.
fn in_single_bytes(head: &[u8]) -> Vec<u8> {
    let wide = match head {
        [0xff, 0xfe, ..] | [b'<', 0, ..] => Some(0),
        [0xfe, 0xff, ..] | [0, b'<', ..] => Some(1),
        _ => None,
    };
    let Some(place) = wide else {
        return head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).to_vec();
    };
    let pairs = head
        .chunks_exact(2)
        .map(|pair| (pair[place], pair[1 - place]));
    let shown = pairs.map(|(low, high)| if high == 0 { low } else { b'?' });
    // The mark itself is no character.
    let marked = usize::from(!matches!(head, [b'<', 0, ..] | [0, b'<', ..]));
    shown.skip(marked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str, big: bool) -> Vec<u8> {
        let marked = format!("\u{feff}{text}");
        let units = marked.encode_utf16();
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn the_root_tells() {
        let long = format!("<!-- {} --><svg/>", "long ".repeat(3000));
        let doctype = "<!DOCTYPE svg PUBLIC 'a' 'b' [ <!ENTITY ns 'http://x'> ]><svg xmlns='y'>";
        for text in [
            "<svg>",
            "\u{feff}<svg/>",
            "<?xml version='1.0'?>\n<!-- an <html> --> <svg:svg>",
            doctype,
            &long,
        ] {
            assert!(
                is_svg(text.as_bytes(), false),
                "{}",
                &text[..20.min(text.len())]
            );
        }
        assert!(is_svg(&wide("<?xml version='1.0'?><svg>", false), false));
        assert!(is_svg(&wide("<svg>", true), false));
        for text in [
            "<html><svg/></html>",
            "<svgx>",
            "svg",
            "",
            "<gpx>",
            "<!-- <svg> --><a/>",
        ] {
            assert!(!is_svg(text.as_bytes(), true) || text.is_empty(), "{text}");
        }
        assert!(is_svg(b"<!-- it goes on", true) && !is_svg(b"<!-- it goes on", false));
    }
}
