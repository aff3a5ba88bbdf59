//! Words behind and between the fields of a HEIC's or AVIF's boxes, and in units that are no
//! picture.

use super::crafted::boxed;
use super::samples::{avif_with, grown, plain_heic};
use super::*;

const WORDS: &[u8] = b"Anna Schmidt";

/// A file with more in a box of its description.
fn described(path: &[&[u8; 4]], more: &[u8]) -> Vec<u8> {
    let path: Vec<&[u8; 4]> = std::iter::once(b"meta")
        .chain(path.iter().copied())
        .collect();
    grown(plain_heic(), &path, more)
}

fn with_property(property: &[u8]) -> Vec<u8> {
    described(&[b"iprp", b"ipco"], property)
}

/// A supplementary message of HEVC for programs of somebody's own, behind its length.
fn message() -> Vec<u8> {
    let told = [&[5, 16 + 12][..], &[7; 16], WORDS, &[0x80]].concat();
    let unit = [&[39 << 1, 1][..], &told].concat();
    [&u32::try_from(unit.len()).unwrap().to_be_bytes()[..], &unit].concat()
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let count = 1_u32.to_be_bytes();
    let url = boxed(b"url ", &[&[0, 0, 0, 1][..], WORDS].concat());
    let words_box = boxed(b"Anna", WORDS);
    let dref = |inside: &[u8]| boxed(b"dref", &[&[0; 4][..], &count, inside].concat());
    let metadata = [&[5 << 3 | 2, 14, 4][..], WORDS, &[0x80]].concat();
    vec![
        ("a kind of file", grown(plain_heic(), &[b"ftyp"], WORDS)),
        ("behind pitm", described(&[b"pitm"], WORDS)),
        ("behind iloc", described(&[b"iloc"], WORDS)),
        ("behind iinf", described(&[b"iinf"], &WORDS[..6])),
        (
            "behind an item's name",
            described(&[b"iinf", b"infe"], WORDS),
        ),
        ("behind ipma", described(&[b"iprp", b"ipma"], WORDS)),
        (
            "behind sizes",
            described(&[b"iprp", b"ipco", b"ispe"], WORDS),
        ),
        (
            "behind settings",
            described(&[b"iprp", b"ipco", b"hvcC"], WORDS),
        ),
        ("a foreign property", with_property(&words_box)),
        (
            "components",
            with_property(&boxed(
                b"cmpd",
                &[&count[..], &[0x80, 0], WORDS, &[0]].concat(),
            )),
        ),
        (
            "references that are needed",
            with_property(&boxed(b"rref", &[&[0, 0, 0, 0, 3][..], WORDS].concat())),
        ),
        (
            "a picture beside it",
            with_property(&boxed(b"auxC", &[&[0; 4][..], WORDS, &[0]].concat())),
        ),
        ("a kind of colours", with_property(&boxed(b"colr", WORDS))),
        (
            "behind colours",
            with_property(&boxed(b"colr", &[&b"nclx"[..], &[0; 7], WORDS].concat())),
        ),
        (
            "behind depths",
            with_property(&boxed(b"pixi", &[&[0, 0, 0, 0, 1, 8][..], WORDS].concat())),
        ),
        (
            "a group",
            described(
                &[],
                &boxed(
                    b"grpl",
                    &boxed(b"Anna", &[&[0; 8][..], &count, &WORDS[..4]].concat()),
                ),
            ),
        ),
        (
            "behind a group",
            described(
                &[],
                &boxed(
                    b"grpl",
                    &boxed(
                        b"altr",
                        &[&[0; 8][..], &count, &[0, 0, 0, 1], WORDS].concat(),
                    ),
                ),
            ),
        ),
        ("an address", described(&[], &boxed(b"dinf", &dref(&url)))),
        (
            "a foreign address",
            described(&[], &boxed(b"dinf", &dref(&words_box))),
        ),
        (
            "beside addresses",
            described(&[], &boxed(b"dinf", &words_box)),
        ),
        (
            "a reference",
            described(
                &[],
                &boxed(
                    b"iref",
                    &[
                        &[0; 4][..],
                        &boxed(b"Anna", &[&[0, 1, 0, 1, 0, 1][..], WORDS].concat()),
                    ]
                    .concat(),
                ),
            ),
        ),
        (
            "a message beside the picture",
            grown(plain_heic(), &[b"mdat"], &message()),
        ),
        (
            "a message beside an AVIF's picture",
            grown(avif_with(None), &[b"mdat"], &metadata),
        ),
        (
            "behind an AVIF's settings",
            grown(
                avif_with(None),
                &[b"meta", b"iprp", b"ipco", b"av1C"],
                WORDS,
            ),
        ),
    ]
}

#[test]
fn what_no_reader_reads_says_nothing() {
    for (name, file) in files() {
        assert!(has(&file, &WORDS[..4]), "{name}");
        let content = content::sniff(&file, "x");
        let bytes = strip(file.clone(), &content, Originals::StripAll)
            .expect(name)
            .bytes;
        assert!(!has(&bytes, &WORDS[..4]), "{name} still has words");
        if name != UNREADABLE {
            assert_eq!(pixels(&bytes), pixels(&file), "{name}");
        }
    }
}

/// A HEIC whose decoder's settings hold that message, too.
fn with_message_in_settings() -> Vec<u8> {
    let message = message();
    let (length, unit) = message.split_at(4);
    let array = [&[39, 0, 1][..], &length[2..], unit].concat();
    let mut file = described(&[b"iprp", b"ipco", b"hvcC"], &array);
    let at = file.windows(4).position(|kind| kind == b"hvcC");
    // How many arrays there are.
    file[at.expect("settings") + 4 + 22] += 1;
    file
}

/// The picture has the last of the properties, too.
fn with_last_property(file: Vec<u8>) -> Vec<u8> {
    let meta = bmff::meta(&file).expect("a description");
    let inside = |kind: &[u8; 4], within: Vec<bmff::Box>| {
        let found = within.into_iter().find(|found| &found.kind == kind);
        found.expect("a box").content
    };
    let iprp = inside(b"iprp", bmff::inside_meta(&file, &meta));
    let ipco = inside(b"ipco", bmff::boxes(&file, iprp));
    let number = u8::try_from(bmff::boxes(&file, ipco).len()).expect("few");
    let mut file = grown(file, &[b"meta", b"iprp", b"ipma"], &[number]);
    let at = file.windows(4).position(|kind| kind == b"ipma");
    // How many properties the one item has.
    file[at.expect("associations") + 4 + 10] += 1;
    file
}

#[test]
fn what_is_needed_stays_without_its_words() {
    let name = [&[0; 4][..], b"urn:com:example:", WORDS, &[0]].concat();
    let beside = with_last_property(with_property(&boxed(b"auxC", &name)));
    let settings = with_message_in_settings();

    let clean_beside = clean(&beside, Originals::StripAll);
    let clean_settings = clean(&settings, Originals::StripAll);

    // Readers refuse a picture beside the picture of which nobody says what it is.
    assert!(has(&clean_beside, b"auxC") && has(&clean_beside, b"urn:xxxx"));
    for (clean, file) in [(clean_beside, beside), (clean_settings, settings)] {
        assert!(!has(&clean, &WORDS[..4]));
        assert_eq!(pixels(&clean), pixels(&file));
    }
}

#[test]
fn references_go_on_naming_items() {
    let told = [0, 1, 0, 1, 0, 1];
    let thumbnail = [&[0; 4][..], &boxed(b"thmb", &told)].concat();
    let file = described(&[], &boxed(b"iref", &thumbnail));

    let clean = clean(&file, Originals::StripAll);

    // Others refuse a file with a reference to nothing.
    assert!(!has(&clean, b"thmb") && has(&clean, &[b"free", &told[..]].concat()));
}

/// Our decoder minds, others do not.
const UNREADABLE: &str = "behind iinf";
