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

fn goes(drawing: &str, originals: Originals) -> bool {
    let content = content::sniff(drawing.as_bytes(), "a.svg");
    strip(drawing.as_bytes().to_vec(), &content, originals).is_ok()
}

#[test]
fn a_drawing_tells_no_place_wherever_it_is_written() {
    for telling in [
        "<!DOCTYPE svg [<!NOTATION a SYSTEM \"48.2082, 16.3738\">]><svg/>",
        "<!DOCTYPE svg [<!ATTLIST svg a CDATA \"48.2082, 16.3738\">]><svg/>",
        "<!DOCTYPE svg PUBLIC \"Stephansplatz\" \"http://h/48.2082,16.3738\"><svg/>",
        "<svg xmlns:g='geo:48.2082,16.3738'/>",
        "<svg><g xmlns:g='geo:48.2082,16.3738'/></svg>",
        "<svg><style>.a{--place:'48.2082, 16.3738'}</style></svg>",
        "<svg><g style=\"--gps:'48.2082, 16.3738'\"/></svg>",
        "<svg version='Stephansplatz 48.2082, 16.3738'/>",
        "<svg><g color='Stephansplatz Vienna 48.2082, 16.3738'/></svg>",
        "<svg><g fill-note='48.2082, 16.3738'/></svg>",
        "<svg><g stroke-width='Stephansplatz 48.2082, 16.3738'/></svg>",
        "<svg><style>Alice Stephansplatz 48.2082, 16.3738</style></svg>",
        "<svg><style type='text/plain'>Latitude 48.2082</style></svg>",
        "<svg><style>.a{fill:red}Stephansplatz 48.2082, 16.3738</style></svg>",
        "<svg><style>.a{note:48.2082, 16.3738}</style></svg>",
        "<svg><style>Latitude 48.2082{fill:red}</style></svg>",
        "<svg><g style='fill:red;note:48.2082, 16.3738'/></svg>",
        "<svg><g class='at 48.2082, 16.3738'/></svg>",
    ] {
        assert!(!goes(telling, Originals::StripLocation), "{telling}");
        assert!(!goes(telling, Originals::StripAll), "{telling}");
    }
}

#[test]
fn a_drawing_says_nothing_of_itself() {
    for telling in [
        "<svg author='Alice' serial='4711'/>",
        "<svg xmlns:xlink='http://www.w3.org/1999/xlink'><g xlink:title='Alice'/></svg>",
        "<svg><g>Alice was here</g></svg>",
        "<svg version='Alice'/>",
        "<!DOCTYPE svg [<!NOTATION alice SYSTEM \"a\">]><svg/>",
        "<svg xmlns:a='http://alice.example/'/>",
        "<svg><style>.a{--author:Alice}</style></svg>",
        "<svg><style>Alice was here</style></svg>",
        "<svg><style>.a{author:Alice}</style></svg>",
        "<svg><g fill='AliceSecretmark'/></svg>",
        "<svg><g lang='written by Alice'/></svg>",
        "<svg><g role='Alice'/></svg>",
        "<svg><g systemLanguage='en, by Alice'/></svg>",
        "<svg><Alice_was_here/></svg>",
    ] {
        assert!(!goes(telling, Originals::StripAll), "{telling}");
    }
}

#[test]
fn a_drawing_that_only_draws_goes_up() {
    let filtered = "<filter id='f'><feColorMatrix type='matrix' values='1 0 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0 0 1 0' in='SourceGraphic' result='a'/></filter>";
    for harmless in [
        "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\"><svg version='1.1' xmlns='http://www.w3.org/2000/svg'/>",
        "<svg xmlns:xlink='http://www.w3.org/1999/xlink'><use xlink:href='#a' x='48.2082' y='16.3738'/></svg>",
        "<svg xmlns:sketch='http://www.bohemiancoding.com/sketch/ns'/>",
        "<svg><g transform='translate(48.2082,16.3738) rotate(45)' transform-origin='48.2082 16.3738'/></svg>",
        "<svg><animateMotion path='M48.2082,16.3738 L10,10' dur='indefinite'/></svg>",
        "<svg><text x='1' y='2' line-height='24.1234' font-family=\"'Helvetica Neue', sans-serif\">Words <tspan>drawn</tspan></text></svg>",
        "<svg><rect fill='rgb(48.2082,16.3738,1)' stroke='currentColor' style='fill:#fff;font-family:\"Noto Sans\"'/></svg>",
        "<svg xml:lang='de-AT'><style type='text/css' media='screen, print'>@media print{.cls-1{fill:#fff}} .cls-1, g > path:hover{stroke-width:2.8346px;stroke-linecap:round;font-family:'Noto Sans';transform:translate(48.2082px,16.3738px)}</style></svg>",
        "<svg role='img'><g style='fill:none;stroke:#000;stroke-width:1;opacity:.5;mix-blend-mode:multiply'/></svg>",
        filtered_in(filtered).as_str(),
    ] {
        assert!(goes(harmless, Originals::StripAll), "{harmless}");
        assert!(goes(harmless, Originals::StripLocation), "{harmless}");
    }
}

fn filtered_in(filter: &str) -> String {
    format!("<svg>{filter}<g filter='url(#f)' clip-path='url(#c)'/></svg>")
}

#[test]
fn addresses_without_end_do_not_hold_up() {
    let many = format!("<svg><style>{}</style></svg>", "url(".repeat(500_000));

    assert!(!goes(&many, Originals::StripAll));
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
