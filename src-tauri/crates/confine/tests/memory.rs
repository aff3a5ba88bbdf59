//! Memory that is let go of, as the system sees it.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

const PIECE: usize = 1 << 20;

/// Bytes this process holds, by the system's count (proc(5), statm).
fn held() -> Option<usize> {
    let told = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = told.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// As many pieces as pictures that are on their way, and behind each something small that stays.
fn come_and_go() -> Vec<Box<[u8]>> {
    let mut small = Vec::new();
    let large: Vec<Vec<u8>> = (0..100)
        .map(|number| {
            let piece = vec![number; PIECE];
            small.push(vec![1; 1000].into_boxed_slice());
            piece
        })
        .collect();
    assert_eq!(large.iter().map(Vec::len).sum::<usize>(), 100 * PIECE);
    small
}

#[test]
fn large_pieces_are_the_system_s_again() {
    tintype_confine::give_back_large_memory();
    // So the allocator would learn to keep them.
    drop(vec![1_u8; 20 * PIECE]);
    let before = held().expect("statm");

    let small = come_and_go();

    let kept = held().expect("statm").saturating_sub(before);
    assert!(kept < 20 * PIECE, "{kept} bytes are held");
    assert_eq!(small.len(), 100);
}
