//! TIFFs whose numbers mean something else than grey or RGB, or whose first page is not the picture.

use super::*;

/// A little-endian TIFF of one strip; `fields`: tag, kind (7: a byte, 3: two, 4: four), values.
pub(super) fn tiff(fields: &[(u16, u16, Vec<u32>)], pixels: &[u8], next: u32) -> Vec<u8> {
    let mut fields = fields.to_vec();
    fields.push((273, 4, vec![8]));
    fields.push((279, 4, vec![u32::try_from(pixels.len()).expect("small")]));
    fields.sort_by_key(|field| field.0);
    let start = 8 + pixels.len();
    let mut far = start + 2 + fields.len() * 12 + 4;
    let (mut directory, mut values) = (Vec::new(), Vec::new());
    for (tag, kind, numbers) in &fields {
        let mut bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes()[..width(*kind)].to_vec())
            .collect();
        directory.extend(tag.to_le_bytes());
        directory.extend(kind.to_le_bytes());
        directory.extend(u32::try_from(numbers.len()).expect("small").to_le_bytes());
        if bytes.len() <= 4 {
            bytes.resize(4, 0);
            directory.extend(&bytes);
        } else {
            directory.extend(u32::try_from(far).expect("small").to_le_bytes());
            far += bytes.len();
            values.extend(bytes);
        }
    }
    let count = u16::try_from(fields.len()).expect("small").to_le_bytes();
    let head = [
        b"II*\0",
        &u32::try_from(start).expect("small").to_le_bytes()[..],
    ]
    .concat();
    [
        &head,
        pixels,
        &count,
        &directory,
        &next.to_le_bytes(),
        &values,
    ]
    .concat()
}

fn width(kind: u16) -> usize {
    match kind {
        7 => 1,
        3 => 2,
        _ => 4,
    }
}

pub(super) fn fields(
    size: (u32, u32),
    bits: &[u32],
    photometric: u32,
) -> Vec<(u16, u16, Vec<u32>)> {
    vec![
        (256, 4, vec![size.0]),
        (257, 4, vec![size.1]),
        (258, 3, bits.to_vec()),
        (259, 3, vec![1]),
        (262, 3, vec![photometric]),
        (277, 3, vec![u32::try_from(bits.len()).expect("small")]),
        (278, 4, vec![size.1]),
    ]
}

/// The pixels of a picture as wide as the list is long.
fn shown(file: &[u8]) -> Vec<[u8; 3]> {
    let made = render(file, 1, &["v=64x64:inside:png"]).expect("renders");
    let image = image::load_from_memory(&made.renditions[0].bytes).expect("PNG");
    image.into_rgb8().pixels().map(|pixel| pixel.0).collect()
}

fn near(seen: &[[u8; 3]], expected: &[[u8; 3]], by: u8) {
    assert_eq!(seen.len(), expected.len());
    for (seen, expected) in seen.iter().zip(expected) {
        let off = seen.iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
        assert!(
            off.max().is_some_and(|off| off <= by),
            "{seen:?}, not {expected:?}"
        );
    }
}

#[test]
fn a_table_of_colours_is_looked_up_in_every_depth() {
    let colours = [[255, 0, 0], [0, 128, 0], [10, 20, 250], [255, 255, 255]];
    for (bits, is_of_bytes) in [(2, false), (4, false), (8, false), (8, true)] {
        let all = 1_usize << bits;
        let table = (0..3).flat_map(|channel| {
            (0..all).map(move |at| {
                let level = colours
                    .get(at)
                    .map_or(0, |colour: &[u32; 3]| colour[channel]);
                level * if is_of_bytes { 1 } else { 257 }
            })
        });
        let mut fields = fields((4, 1), &[bits], 3);
        fields.push((320, 3, table.collect()));
        let places: &[u8] = match bits {
            2 => &[0b0001_1011],
            4 => &[0x01, 0x23],
            _ => &[0, 1, 2, 3],
        };

        let seen = shown(&tiff(&fields, places, 0));

        let expected =
            colours.map(|colour| colour.map(|level| u8::try_from(level).expect("small")));
        assert_eq!(seen, expected, "{bits} bits");
    }
}

#[test]
fn a_table_that_is_too_short_is_damage() {
    let mut fields = fields((4, 1), &[8], 3);
    fields.push((320, 3, vec![0; 12]));

    let refused = render(&tiff(&fields, &[0, 1, 2, 3], 0), 1, &["v=4x4"]);

    assert_eq!(
        refused.map(|_| ()).expect_err("refused").code,
        Code::ImageDamaged
    );
}

#[test]
fn grey_of_few_bits_and_with_a_point_is_grey() {
    let four = shown(&tiff(&fields((4, 1), &[4], 1), &[0x0f, 0x73], 0));
    let negative = shown(&tiff(&fields((4, 1), &[4], 0), &[0x0f, 0x73], 0));
    let mut with_point = fields((3, 1), &[32], 1);
    with_point.push((339, 3, vec![3]));
    let numbers: Vec<u8> = [0.0_f32, 0.5, 7.0]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let float = shown(&tiff(&with_point, &numbers, 0));

    assert_eq!(four, [[0; 3], [255; 3], [119; 3], [51; 3]]);
    assert_eq!(negative, [[255; 3], [0; 3], [136; 3], [204; 3]]);
    assert_eq!(float, [[0; 3], [128; 3], [255; 3]]);
}

/// Colours by lcms 2 (Pillow's ImageCms, relative colorimetric, its own Lab profile to sRGB, whose
/// tables are coarse in the shadows).
#[test]
fn lightness_and_differences_become_colours() {
    let expected = [[255, 255, 255], [0, 0, 0], [159, 133, 198], [32, 108, 16]];
    let eight: Vec<u8> = [[255, 0, 0], [0, 0, 0], [153, 20, 226], [102, 220, 40]].concat();
    let of_icc: Vec<u8> = [
        [255, 128, 128],
        [0, 128, 128],
        [153, 148, 98],
        [102, 92, 168],
    ]
    .concat();
    let deep: Vec<u8> = [
        [65535_u16, 0, 0],
        [0, 0, 0],
        [39321, 5120, 57856],
        [26214, 56320, 10240],
    ]
    .concat()
    .iter()
    .flat_map(|number| number.to_le_bytes())
    .collect();

    near(
        &shown(&tiff(&fields((4, 1), &[8, 8, 8], 8), &eight, 0)),
        &expected,
        5,
    );
    near(
        &shown(&tiff(&fields((4, 1), &[8, 8, 8], 9), &of_icc, 0)),
        &expected,
        5,
    );
    near(
        &shown(&tiff(&fields((4, 1), &[16, 16, 16], 8), &deep, 0)),
        &expected,
        5,
    );
}

#[test]
fn the_picture_is_shown_not_the_small_one_before_it() {
    let small = |next| {
        let mut fields = fields((1, 1), &[8], 1);
        fields.push((254, 4, vec![1]));
        tiff(&fields, &[9], next)
    };
    let at = u32::try_from(small(0).len()).expect("small");
    // Its own offsets count from the beginning of the file.
    let mut whole = fields((4, 1), &[8], 1);
    whole.sort_by_key(|field| field.0);
    let mut file = small(at + 4);
    file.extend([0, 80, 160, 255]);
    whole.push((273, 4, vec![at]));
    whole.push((279, 4, vec![4]));
    whole.sort_by_key(|field| field.0);
    file.extend(u16::try_from(whole.len()).expect("small").to_le_bytes());
    for (tag, kind, numbers) in &whole {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(numbers[0].to_le_bytes());
    }
    file.extend([0; 4]);

    let seen = shown(&file);

    assert_eq!(seen, [[0; 3], [80; 3], [160; 3], [255; 3]]);
    // Nor as that one is to be turned, which is all that is known of the file.
    let made = render_as(&file, 6, &["v=4x4:inside:png"]).expect("renders");
    assert_eq!(made[0].dimensions(), (4, 1));
}

/// 40 x 12 pixels, fields of 4 x 3, the first of them black: written by libtiff.
const FAX: &str = "49492a0056000000001b76eddbb60036eddbb76c006ddbb76ed8009abb76eddbb0013576eddbb760026aeddbb76ec006ddbb76ed800dbb76eddb001b76eddbb60026aeddbb76ec004d5dbb76edd8009abb76eddbb000090000010300010000002800000001010300010000000c00000002010300010000000100000003010300010000000300000006010300010000000100000011010400010000000800000016010300010000000c00000017010400010000004d0000001c010300010000000100000000000000";

#[test]
fn a_fax_is_black_on_white() {
    let mut file = hex::decode(FAX).expect("hex");
    let field = |x: usize, y: usize| {
        if (x / 4 + y / 3).is_multiple_of(2) {
            0
        } else {
            255
        }
    };
    let expected: Vec<u8> = (0..480).map(|n| field(n % 40, n / 40)).collect();
    let seen = |file: &[u8]| -> Vec<u8> { shown(file).iter().map(|[grey, ..]| *grey).collect() };

    assert_eq!(seen(&file), expected);
    let mut torn = file.clone();
    torn[40..85].fill(0);
    let made = render(&torn, 1, &["v=64x64:inside:png"]).expect("renders");
    assert_eq!(made.note.map(|note| note.code), Some(Code::ImageDamaged));
    // The bits of each byte in the other order; and the tag that says so, in place of its resolution.
    file[8..85]
        .iter_mut()
        .for_each(|byte| *byte = byte.reverse_bits());
    let field = file
        .windows(4)
        .rposition(|four| four == [0x1c, 1, 3, 0])
        .expect("a field");
    file[field..field + 12].copy_from_slice(&[0x0a, 1, 3, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(seen(&file), expected);
}

/// What another reader found: each of these broke in a way of its own.
#[test]
fn what_contradicts_itself_is_refused_in_a_sentence() {
    let with = |mut fields: Vec<(u16, u16, Vec<u32>)>, more: &[(u16, u16, Vec<u32>)]| {
        fields.extend_from_slice(more);
        fields
    };
    let table = (320, 3, vec![0; 768]);
    let files = [
        // An index and something else for each pixel.
        tiff(
            &with(
                fields((4, 1), &[8, 8], 3),
                &[table.clone(), (338, 3, vec![2])],
            ),
            &[0; 8],
            0,
        ),
        // Two depths and two kinds of numbers.
        tiff(
            &with(
                fields((4, 1), &[0], 1),
                &[(258, 3, vec![8]), (339, 3, vec![3]), (339, 3, vec![1])],
            ),
            &[0; 4],
            0,
        ),
        tiff(&with(fields((4, 1), &[16], 3), &[table]), &[0; 8], 0),
        tiff(
            &with(fields((4, 1), &[16], 1), &[(339, 3, vec![3])]),
            &[0; 8],
            0,
        ),
        tiff(&fields((0, 1), &[2], 1), &[0; 8], 0),
        tiff(&fields((60_000, 60_000), &[4], 1), &[0; 8], 0),
    ];
    for (number, file) in files.iter().enumerate() {
        let refused = render(file, 1, &["v=4x4:inside:png"]).map(|_| ());
        let code = refused.expect_err("refused").code;
        let known = [
            Code::ImageDamaged,
            Code::ImageUnsupported,
            Code::ImageTooLarge,
        ];
        assert!(known.contains(&code), "{number}: {code:?}");
    }
}

#[test]
fn a_lab_picture_with_something_beside_its_colours_is_shown() {
    let mut fields = fields((2, 1), &[8, 8, 8, 8], 8);
    fields.push((338, 3, vec![0]));

    let seen = shown(&tiff(&fields, &[255, 0, 0, 7, 0, 0, 0, 9], 0));

    near(&seen, &[[255; 3], [0; 3]], 1);
}

#[test]
fn the_size_is_that_of_the_picture_whatever_its_numbers_mean() {
    let file = tiff(&fields((40, 30), &[4], 1), &[0; 600], 0);

    let facts = facts(&file, Codec::Tiff, "image/tiff");

    assert_eq!((facts.width, facts.height), (Some(40), Some(30)));
}

#[test]
fn a_profile_may_be_larger_than_its_picture() {
    let profile: Vec<u32> = (0..3000).map(|at| at % 251).collect();
    let mut fields = fields((8, 8), &[8, 8, 8], 2);
    fields.push((34675, 7, profile.clone()));
    let file = tiff(&fields, &[90; 8 * 8 * 3], 0);
    let bytes: Vec<u8> = profile
        .into_iter()
        .map(|number| u8::try_from(number).expect("a byte"))
        .collect();

    assert_eq!(container::tiff::icc(&file), Some(&bytes[..]));
    let seen = crate::imaging::decode::Decoder::default().decode(
        Source {
            file: &file,
            codec: Codec::Tiff,
            orientation: 1,
        },
        &variants(&["v=8x8:inside:png"]),
        Limits::default(),
    );
    assert_eq!(seen.expect("decodes").profile, Some(bytes));
}
