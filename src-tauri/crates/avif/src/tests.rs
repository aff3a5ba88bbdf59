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
        let rgba = picture.rgba.eight();
        let red = &rgba[4 * (24 * 64 + 8)..][..4];
        assert!(
            red[0] > 240 && red[1] < 16 && red[2] < 16 && red[3] == 255,
            "{red:?}"
        );
        assert_eq!(rgba[4 * (24 * 64 + 56) + 3], if alpha { 0 } else { 255 });
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

#[test]
fn what_moves_comes_back_frame_by_frame() -> Result<(), Error> {
    for (plays, alpha) in [(0, false), (1, true), (3, false)] {
        let mut moving = Moving::new(plays, PLAIN)?;
        let first = half(alpha);
        let second = vec![128; first.len()];
        for (pixels, milliseconds) in [(&first, 40), (&second, 250), (&first, 40)] {
            moving.push(pixels, (64, 48), alpha, milliseconds)?;
        }
        let file = moving.finish()?;

        let seen = frames(&file, 1 << 20)?;

        assert_eq!(seen.plays(), plays);
        let seen: Vec<(Picture, u32)> = seen.collect::<Result<_, _>>()?;
        let times: Vec<u32> = seen.iter().map(|(_, milliseconds)| *milliseconds).collect();
        assert_eq!(times, [40, 250, 40]);
        assert_eq!(seen[0].0.frames, 3);
        let [first, second, _] = [0, 1, 2].map(|at: usize| seen[at].0.rgba.clone().eight());
        assert!(first[0] > 200);
        assert_ne!(second[..4], first[..4]);
    }
    Ok(())
}

#[test]
fn a_film_that_is_cut_off_ends_with_an_error() -> Result<(), Error> {
    let mut moving = Moving::new(0, PLAIN)?;
    for _ in 0..4 {
        moving.push(&half(false), (64, 48), false, 40)?;
    }
    let file = moving.finish()?;

    for cut in (file.len() / 2..file.len() - 1).step_by(7) {
        let ends =
            frames(&file[..cut], 1 << 20).map(|frames| frames.take(9).any(|frame| frame.is_err()));
        assert!(ends.is_err() || ends.is_ok_and(|failed| failed), "{cut}");
    }
    Ok(())
}

/// What `README.md` says is in `vendor/`.
#[test]
fn the_version_that_is_vendored_is_the_one_that_is_said() {
    let version = [
        sys::AVIF_VERSION_MAJOR,
        sys::AVIF_VERSION_MINOR,
        sys::AVIF_VERSION_PATCH,
    ];
    let said = include_str!("../README.md");
    assert!(said.contains(&format!(
        "libavif {}",
        version.map(|part| part.to_string()).join(".")
    )));
}
