//! What reading a file may cost, whatever the file says.

/// Bytes that may still be touched. Every look at a file pays from one budget, so that no small
/// file makes a large amount of work, however its parts point at one another.
#[derive(Debug)]
pub struct Budget {
    left: usize,
    is_spent: bool,
}

impl Budget {
    /// Eight times the file, and a mebibyte: sound files take two times at most.
    pub const fn of(file: &[u8]) -> Self {
        Self {
            left: file.len().saturating_mul(8).saturating_add(1 << 20),
            is_spent: false,
        }
    }

    /// Pays for a look at so many bytes; `false` where they are not there any more. From then on
    /// nothing can be paid.
    pub const fn pays(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) if !self.is_spent => {
                self.left = left;
                true
            }
            _ => {
                self.is_spent = true;
                false
            }
        }
    }

    /// Whether something was not looked at, because it would have cost too much.
    pub const fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// The most that may still be touched.
    pub const fn left(&self) -> usize {
        if self.is_spent { 0 } else { self.left }
    }
}
