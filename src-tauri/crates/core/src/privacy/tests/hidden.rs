//! Places that hide, and files that cheat their readers.

use super::*;

#[test]
fn wherever_a_place_hides_it_is_seen_and_goes() {
    for (name, file) in crafted::all() {
        let content::Kind::Image(codec) = content::sniff(&file, name).kind else {
            panic!("{name} is no picture")
        };
        assert!(tells_location(&file, codec), "{name} tells a place");
        for originals in [Originals::StripLocation, Originals::StripAll] {
            let clean = clean(&file, originals);
            assert!(!tells_location(&clean, codec), "{name}");
            for place in crafted::PLACES {
                let shown = String::from_utf8_lossy(place);
                assert!(
                    !has(&clean, place),
                    "{name} still has {shown:?} ({originals:?})"
                );
            }
            let as_it_was = pixels(&file);
            assert_eq!(pixels(&clean), as_it_was, "{name}");
        }
    }
}

#[test]
fn a_drawing_is_read_in_whatever_way_it_is_written() {
    let wide: Vec<u8> = "\u{feff}<svg><metadata>48,12.5N</metadata></svg>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let telling: [&[u8]; 16] = [
        b"<svg><image href='DATA:image/jpeg;base64,AAAA'/></svg>",
        b"<svg><image href='da&#10;ta:image/jpeg;base64,AAAA'/></svg>",
        b"<!DOCTYPE svg [<!ENTITY d 'da'>]><svg><image href='&d;ta:image/png;base64,AAAA'/></svg>",
        b"<svg><style>.a{background:URL( 'data:image/png;base64,AAAA')}</style></svg>",
        b"<svg><g data-lat='48.2082'/></svg>",
        b"<svg><g lat='48.21' lon='16.37'/></svg>",
        b"<svg><a href='https://maps.app.goo.gl/AbCd'/></svg>",
        b"<svg><g aria-label='at 48.2082, 16.3738'/></svg>",
        b"<svg><style>/* 48.2082, 16.3738 */</style></svg>",
        b"<svg><?note 48.2082, 16.3738?></svg>",
        b"<svg:svg xmlns:svg='x'><svg:desc>48.2082, 16.3738</svg:desc></svg:svg>",
        b"<svg><desc><![CDATA[48.2082, 16.3738]]></desc></svg>",
        b"<svg><desc>&#52;8.2082, 16.3738</desc></svg>",
        b"<svg><!-- 48.2082, 16.3738 --></svg>",
        b"<svg><image href='data:image/jpeg;base64,AAAA'/></svg>",
        &wide,
    ];
    for file in telling {
        let content = content::sniff(file, "a.svg");
        let shown = String::from_utf8_lossy(file);
        assert_eq!(content.kind, content::Kind::Image(Codec::Svg), "{shown}");
        assert!(tells_location(file, Codec::Svg), "{shown}");
        assert!(
            strip(file.to_vec(), &content, Originals::StripLocation).is_err(),
            "{shown}"
        );
    }
    for note in [
        &b"<svg xmlns:r='r'><r:RDF/></svg>"[..],
        b"<svg xmlns:i='http://ns.adobe.com/AdobeIllustrator/10.0/'><i:pgf id='x'/></svg>",
        b"<svg xmlns:k='http://www.inkscape.org/namespaces/inkscape' k:export-filename='a.png'/>",
        b"<svg><image href='file:///home/alice/a.png'/></svg>",
        b"<svg><script/></svg>",
    ] {
        let content = content::sniff(note, "a.svg");
        let refused = strip(note.to_vec(), &content, Originals::StripLocation);
        assert!(refused.is_err(), "{}", String::from_utf8_lossy(note));
    }
    let plain = b"<svg><style>.a{stroke-width:2.8346}</style><path d='M48.2082,16.3738'/></svg>";
    let content = content::sniff(plain, "a.svg");
    assert!(!tells_location(plain, Codec::Svg));
    assert!(strip(plain.to_vec(), &content, Originals::StripAll).is_ok());
}

#[test]
fn what_is_said_twice_is_refused() {
    let file = samples::heic(XMP_PLAIN);
    let meta = bmff::meta(&file).expect("meta");
    let again = bmff::inside_meta(&file, &meta)
        .into_iter()
        .find(|found| &found.kind == b"iinf")
        .map(|found| file[found.whole].to_vec())
        .expect("iinf");
    let twice = samples::heic_with(&again);
    let content = content::sniff(&twice, "x.heic");

    assert!(tells_location(&twice, Codec::Heic));
    assert!(strip(twice, &content, Originals::StripAll).is_err());
}

#[test]
fn large_values_named_by_many_entries_are_paid_for() {
    let mut file = b"MM\0*\0\0\0\x08".to_vec();
    file.extend(20_000_u16.to_be_bytes());
    for _ in 0..20_000 {
        file.extend(b"\x01\x0e\0\x01\0\x10\0\0\0\x05\0\0");
    }
    file.resize(2 << 20, 0);

    assert!(
        tells_location(&file, Codec::Tiff),
        "it was not looked at to its end"
    );
}

#[test]
#[ignore = "needs exiftool: run `cargo xtask test`"]
fn another_program_finds_no_place_either() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut expected = Vec::new();
    for (name, file) in crafted::all() {
        std::fs::write(folder.path().join(format!("as it was {name}")), &file)?;
        for originals in [Originals::StripLocation, Originals::StripAll] {
            let clean = clean(&file, originals);
            std::fs::write(folder.path().join(format!("{originals:?} {name}")), clean)?;
        }
        expected.push(name);
    }

    // All it can find, embedded and unknown included, as numbers.
    let read = std::process::Command::new("exiftool")
        .args(["-n", "-a", "-ee", "-u", "-G1", "-csv"])
        .arg(folder.path())
        .output()?;
    let found = String::from_utf8_lossy(&read.stdout).to_lowercase();

    let rows: Vec<&str> = found.lines().skip(1).collect();
    assert!(
        rows.len() >= expected.len() * 3,
        "it reads all of them: {}",
        rows.len()
    );
    let mut told = 0;
    for row in rows {
        let name = row.split(',').next().unwrap_or_default();
        let has_place = ["48.2", "wien", "48,12"]
            .iter()
            .any(|place| row.contains(place));
        if name.contains("strip") {
            assert!(!has_place, "{row}");
        } else {
            told += usize::from(has_place);
        }
    }
    assert!(told > 20, "it sees the places of the others: {told}");
    Ok(())
}
