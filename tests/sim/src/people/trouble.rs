//! What befalls them.

use super::*;

impl People {
    pub(super) async fn kill(&mut self, computer: usize) -> Result<()> {
        let engines = &mut self.computers[computer].engines;
        if engines.is_empty() {
            return Ok(());
        }
        let (engine, hard) = (
            engines.remove(self.dice.usize(0..engines.len())),
            self.dice.bool(),
        );
        self.say(&format!(
            "{computer}: an engine is {}",
            if hard { "killed" } else { "ended" }
        ));
        // Who waits is in the same process; where there is another engine, its own wait on.
        self.waits.drain(..).for_each(|wait| wait.abort());
        if hard {
            engine.kill().await
        } else {
            engine.shutdown().await
        }
        Ok(())
    }

    pub(super) fn begin(&mut self, computer: usize) -> Result<()> {
        if self.computers[computer].engines.len() < 2 {
            self.say(&format!("{computer}: another engine begins"));
            self.computers[computer].start()?;
        }
        Ok(())
    }

    pub(super) fn change_the_weather(&mut self) -> Result<()> {
        let dice = &mut self.dice;
        let calm = dice.u8(0..3) == 0;
        let mut some = |most: u32| {
            if calm || dice.bool() {
                0
            } else {
                dice.u32(0..most)
            }
        };
        let (busy, broken, lost) = (some(500), some(300), some(300));
        let slow = if calm { 50 } else { dice.u64(1..8000) };
        let weather = Weather {
            away: !calm && dice.u8(0..6) == 0,
            busy,
            broken,
            lost,
            slow,
        };
        self.set_weather(weather);
        Ok(())
    }

    pub(super) fn calm(&mut self) {
        self.set_weather(Weather {
            slow: 50,
            ..Weather::default()
        });
    }

    pub(super) fn set_weather(&mut self, weather: Weather) {
        self.say(&format!("{weather:?}"));
        self.server().weather = weather;
    }

    /// Somebody with another program does something to the bucket.
    pub(super) fn interfere(&mut self) -> Result<()> {
        let keys = self.server().ledger.keys("");
        if keys.is_empty() {
            return Ok(());
        }
        let key = &keys[self.dice.usize(0..keys.len())];
        let body = self.dice.bool().then(|| {
            format!("a stranger's {}", self.dice.u32(..))
                .into_bytes()
                .into()
        });
        self.say(&format!(
            "a stranger {} {key}",
            if body.is_some() {
                "replaces"
            } else {
                "deletes"
            }
        ));
        self.server().ledger.touch(key, body);
        Ok(())
    }
}
