//! Stretches of a life around one file: what is done in the moments between a look at the bucket
//! and what follows from it.

use super::*;

impl People {
    /// A file that is in the bucket is deleted and its object removed, in bad weather; and somebody
    /// changes their mind.
    pub(super) async fn change_of_mind(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].watched().join(self.name());
        self.calm();
        self.rest(computer, false).await?;
        self.write(computer, &path, true)?;
        self.compare(computer).await?;
        self.pass(5000).await;
        self.delete_file(computer, &path)?;
        self.compare(computer).await?;
        let (busy, lost, slow) = (
            self.dice.u32(0..700),
            self.dice.u32(0..200),
            self.dice.u64(100..4000),
        );
        self.set_weather(Weather {
            busy,
            lost,
            slow,
            ..Weather::default()
        });
        self.remove_now(computer).await?;
        for _ in 0..self.dice.usize(1..=3) {
            self.pass(6000).await;
            match self.dice.u8(0..5) {
                0 | 1 => {
                    self.write(computer, &path, true)?;
                    self.compare(computer).await?;
                }
                2 => self.keep(computer).await?,
                3 => self.rest(computer, true).await?,
                _ => self.kill(computer).await?,
            }
        }
        self.pass(20_000).await;
        self.begin(computer)?;
        self.rest(computer, false).await
    }

    /// A file is saved again and again while it is on its way.
    pub(super) async fn no_rest(&mut self, computer: usize) -> Result<()> {
        let path = self.computers[computer].watched().join(self.name());
        let (busy, lost, slow) = (
            self.dice.u32(0..400),
            self.dice.u32(0..400),
            self.dice.u64(100..2000),
        );
        self.set_weather(Weather {
            busy,
            lost,
            slow,
            ..Weather::default()
        });
        for _ in 0..self.dice.usize(2..=5) {
            self.write(computer, &path, true)?;
            self.compare(computer).await?;
            self.pass(3000).await;
        }
        if self.dice.bool() {
            self.delete_file(computer, &path)?;
        }
        self.compare(computer).await
    }

    async fn pass(&mut self, most: u64) {
        let pause = self.dice.u64(0..most);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}
