//! A folder's pictures as a table: columns of fixed width, so that each row is printed as soon as
//! it is known; the path, which may be as long as it likes, is the last.

use std::path::Path;
use std::sync::LazyLock;

use indicatif::DecimalBytes;
use tintype_core::imaging::Facts;

use crate::terminal;

/// What stands in a column, in as many characters.
const COLUMNS: [(&str, usize); 6] = [
    ("FORMAT", 8),
    ("PIXELS", 13),
    ("SIZE", 9),
    ("TAKEN", 19),
    ("CAMERA", 24),
    ("LOCATION", 21),
];

pub(super) static HEAD: LazyLock<String> =
    LazyLock::new(|| line(COLUMNS.map(|(name, _)| name.into()), "FILE"));

pub(super) fn row(path: &Path, facts: &Facts) -> String {
    let pixels = facts.width.zip(facts.height);
    let place = match facts.location {
        Some(place) => format!("{:.5}, {:.5}", place.latitude, place.longitude),
        None if facts.has_location => "yes".into(),
        None => String::new(),
    };
    let cells = [
        facts.format.clone(),
        pixels.map_or_else(String::new, |(width, height)| format!("{width} × {height}")),
        DecimalBytes(facts.size).to_string(),
        facts
            .captured
            .as_deref()
            .unwrap_or_default()
            .replace('T', " "),
        facts.camera.clone().unwrap_or_default(),
        place,
    ];
    line(cells, &terminal::path(path))
}

fn line(cells: [String; COLUMNS.len()], last: &str) -> String {
    let mut line = String::new();
    for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
        let cell = terminal::shown(cell);
        let fitting: String = if cell.chars().count() > width {
            cell.chars().take(width - 1).chain(['…']).collect()
        } else {
            cell.into_owned()
        };
        line.push_str(&format!("{fitting:<width$}  "));
    }
    line + last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_word_does_not_move_the_columns() {
        let long = line(
            [
                "x".repeat(99),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ],
            "a.jpg",
        );

        assert!(long.starts_with("xxxxxxx…  "), "{long}");
        assert_eq!(long.chars().count(), HEAD.chars().count() + 1);
    }
}
