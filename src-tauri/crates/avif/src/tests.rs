//! There and back.

use super::*;

const PLAIN: Options<'_> = Options {
    quality: 90,
    speed: 10,
    full_chroma: true,
    icc: None,
    exif: None,
};

fn half(alpha: bool) -> Vec<u8> {
    let pixel = |x: u32| -> &'static [u8] {
        match (x < 32, alpha) {
            (true, true) => &[255, 0, 0, 255],
            (false, true) => &[0, 0, 255, 0],
            (true, false) => &[255, 0, 0],
            (false, false) => &[0, 0, 255],
        }
    };
    (0..48)
        .flat_map(|_| (0..64).flat_map(pixel))
        .copied()
        .collect()
}

#[test]
fn what_is_written_comes_back() -> Result<(), Error> {
    for alpha in [false, true] {
        let file = encode(&half(alpha), (64, 48), alpha, PLAIN)?;
        let picture = decode(&file, 1 << 20)?;
        assert_eq!(
            (
                picture.width,
                picture.height,
                picture.alpha,
                picture.orientation
            ),
            (64, 48, alpha, 1)
        );
        let red = &picture.rgba[4 * (24 * 64 + 8)..][..4];
        assert!(
            red[0] > 240 && red[1] < 16 && red[2] < 16 && red[3] == 255,
            "{red:?}"
        );
        assert_eq!(
            picture.rgba[4 * (24 * 64 + 56) + 3],
            if alpha { 0 } else { 255 }
        );
        assert_eq!(picture.colour, Colour::Cicp(1, 13, 6));
    }
    Ok(())
}

#[test]
fn limits_and_nonsense_are_errors() -> Result<(), Error> {
    let file = encode(&half(false), (64, 48), false, PLAIN)?;
    assert!(decode(&file, 64).expect_err("too many pixels").too_large);
    for cut in (0..file.len() - 1).step_by(5) {
        assert!(decode(&file[..cut], 1 << 20).is_err(), "cut at {cut}");
    }
    assert!(encode(&[0; 7], (64, 48), false, PLAIN).is_err());
    Ok(())
}
