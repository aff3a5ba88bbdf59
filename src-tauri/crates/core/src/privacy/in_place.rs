//! Formats whose parts are found by offsets: nothing may move, so what goes is written over.

use std::ops::Range;

use super::forms;
use super::walk::{Tells, Walk};

/// What becomes of each byte. Bytes that are named nowhere are reachable from nowhere, and are
/// zeroed.
#[derive(Default)]
pub(super) struct InPlace {
    /// Stays, but for what is written over parts of it.
    frame: Vec<Range<usize>>,
    /// Stays.
    kept: Vec<Range<usize>>,
    written: Vec<(Range<usize>, Vec<u8>, Tells)>,
}

impl InPlace {
    pub(super) fn frame(&mut self, at: Range<usize>) {
        self.frame.push(at);
    }

    pub(super) fn keep(&mut self, at: Range<usize>) {
        self.kept.push(at);
    }

    /// `new` is as long as the range.
    pub(super) fn write(&mut self, at: Range<usize>, new: Vec<u8>, tells: Tells) {
        if !at.is_empty() {
            self.written.push((at, new, tells));
        }
    }

    /// Makes of all that one walk from the file's start to the end of its last part. What follows
    /// that is left behind.
    pub(super) fn end(mut self, walk: &mut Walk<'_>, end: usize) {
        self.written.sort_by_key(|(at, ..)| at.start);
        let kept = merged(self.kept.clone());
        let is_twice = self
            .written
            .windows(2)
            .any(|two| two[0].0.end > two[1].0.start);
        let is_both = self.written.iter().any(|(at, ..)| overlaps(&kept, at));
        if is_twice || is_both {
            walk.refuse("its metadata and its pixels overlap");
        }
        self.kept.append(&mut self.frame);
        let stays = merged(self.kept);
        let mut at = 0;
        for (range, new, tells) in self.written {
            fill(walk, &stays, at..range.start.max(at));
            at = at.max(range.end);
            walk.becomes(range, new, tells);
        }
        fill(walk, &stays, at..end.max(at));
        let rest = walk.file.get(end.max(at)..).unwrap_or_default();
        if !rest.is_empty() {
            let (tells, rest) = (forms::unknown(rest, &mut walk.budget), walk.place(rest));
            walk.goes(&rest, tells);
        }
    }
}

/// What stays of a part, and zeros between.
fn fill(walk: &mut Walk<'_>, stays: &[Range<usize>], part: Range<usize>) {
    let mut at = part.start;
    let first = stays.partition_point(|range| range.end <= part.start);
    for range in &stays[first..] {
        if range.start >= part.end {
            break;
        }
        blank(walk, at..range.start.max(at));
        let end = range.end.min(part.end);
        walk.stays(range.start.max(at)..end);
        at = end;
    }
    blank(walk, at..part.end);
}

fn blank(walk: &mut Walk<'_>, at: Range<usize>) {
    if let Some(bytes) = walk.file.get(at.clone()).filter(|bytes| !bytes.is_empty()) {
        let tells = forms::unknown(bytes, &mut walk.budget);
        walk.is_blanked(at, tells);
    }
}

/// Sorted, and no two of them touch.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

fn overlaps(ranges: &[Range<usize>], at: &Range<usize>) -> bool {
    let next = ranges.partition_point(|range| range.end <= at.start);
    ranges.get(next).is_some_and(|range| range.start < at.end)
}

#[cfg(test)]
mod tests {
    use super::super::pieces::{Piece, put_together};
    use super::super::policy::Originals;
    use super::*;

    #[test]
    fn what_nobody_names_is_zeroed() {
        let file = b"headPIXELSjunkmetatail".to_vec();
        let mut walk = Walk::new(&file, Originals::StripAll);
        let mut places = InPlace::default();
        places.frame(0..4);
        places.keep(4..10);
        places.write(14..18, b"META".to_vec(), Tells::Anything);

        places.end(&mut walk, file.len());
        let walked = walk.end();

        assert!(!walked.is_clean && walked.refused.is_none());
        assert_eq!(
            walked.pieces.iter().map(Piece::len).sum::<usize>(),
            file.len()
        );
        assert_eq!(
            put_together(file, &walked.pieces),
            b"headPIXELS\0\0\0\0META\0\0\0\0"
        );
    }

    #[test]
    fn pixels_are_not_written_over() {
        let file = [1; 10];
        for (kept, written) in [(0..5, 4..6), (4..6, 0..10)] {
            let mut walk = Walk::new(&file, Originals::StripAll);
            let mut places = InPlace::default();
            places.keep(kept);
            let new = vec![0; written.len()];
            places.write(written, new, Tells::Anything);

            places.end(&mut walk, file.len());

            assert!(walk.end().refused.is_some());
        }
    }
}
