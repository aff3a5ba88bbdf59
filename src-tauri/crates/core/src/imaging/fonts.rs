//! The fonts of this computer: looked for when the first text is met, and once in a process.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb::Database;

static OWN: OnceLock<PathBuf> = OnceLock::new();
static ALL: OnceLock<Arc<Database>> = OnceLock::new();

/// The folder of a person's own fonts, where the system has one.
pub(crate) fn own_folder() -> Option<PathBuf> {
    Some(directories::UserDirs::new()?.font_dir()?.to_owned())
}

/// Takes the fonts of this folder, too; for a process whose environment does not tell whose it is.
/// To be called before the first text is met.
pub(crate) fn add_own(folder: PathBuf) {
    // The first that is told stays.
    let _own = OWN.get_or_init(|| folder);
}

/// All of them.
pub(super) fn all() -> Arc<Database> {
    Arc::clone(ALL.get_or_init(|| {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        if let Some(folder) = OWN.get() {
            fonts.load_fonts_dir(folder);
        }
        // Generic families are names of faces here: of some that every system has one of.
        if let Some(family) = plain_family(&fonts) {
            fonts.set_sans_serif_family(&family);
            fonts.set_serif_family(&family);
        }
        Arc::new(fonts)
    }))
}

const PLAIN: &[&str] = &[
    "DejaVu Sans",
    "Noto Sans",
    "Liberation Sans",
    "Segoe UI",
    "Helvetica Neue",
    "Helvetica",
    "Arial",
];

/// The family for text that names none.
pub(super) fn plain_family(fonts: &Database) -> Option<String> {
    let has = |family: &&str| {
        fonts
            .faces()
            .any(|face| face.families.iter().any(|(name, _)| name == *family))
    };
    let first = || {
        fonts
            .faces()
            .next()
            .and_then(|face| Some(face.families.first()?.0.clone()))
    };
    PLAIN
        .iter()
        .copied()
        .find(has)
        .map(str::to_owned)
        .or_else(first)
}
