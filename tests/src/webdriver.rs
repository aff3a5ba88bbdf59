//! As much of W3C WebDriver as driving one window takes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A session with the real window.
pub struct Window {
    base: String,
    agent: ureq::Agent,
}

const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Window {
    /// Starts the program and opens a session with its window.
    pub fn open(port: u16, program: &std::path::Path) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)));
        let agent: ureq::Agent = config.build().into();
        let wanted = json!({"capabilities": {"alwaysMatch": {"browserName": "wry", "tauri:options": {"application": program}}}});
        let mut window = Self {
            base: format!("http://127.0.0.1:{port}/session"),
            agent,
        };
        let session = window.post("", &wanted);
        let id = session["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no session: {session}"));
        window.base = format!("{}/{id}", window.base);
        window
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let mut response = self
            .agent
            .post(format!("{}{path}", self.base))
            .send_json(body)
            .expect("the driver answers");
        let answer: Value = response.body_mut().read_json().expect("JSON");
        answer["value"].clone()
    }

    /// Runs a script in the page and returns its value.
    pub fn script(&self, body: &str) -> Value {
        self.post("/execute/sync", &json!({"script": body, "args": []}))
    }

    fn find(&self, css: &str) -> Option<String> {
        let found = self.post("/element", &json!({"using": "css selector", "value": css}));
        found[ELEMENT].as_str().map(str::to_owned)
    }

    /// Waits until there is such an element.
    pub fn wait(&self, css: &str) -> String {
        self.until(css, || self.find(css))
    }

    /// Waits for something in the page.
    pub fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            let page = || self.script("return document.body.innerText");
            assert!(
                start.elapsed() < Duration::from_secs(40),
                "not in the window: {what}\n{}",
                page()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks an element, as a pointer does.
    pub fn click(&self, css: &str) {
        let element = self.wait(css);
        let answer = self.post(&format!("/element/{element}/click"), &json!({}));
        assert!(answer.get("error").is_none(), "{css}: {answer}");
    }

    /// Types into an element.
    pub fn fill(&self, css: &str, text: &str) {
        let element = self.wait(css);
        self.post(&format!("/element/{element}/clear"), &json!({}));
        let answer = self.post(&format!("/element/{element}/value"), &json!({"text": text}));
        assert!(answer.get("error").is_none(), "{css}: {answer}");
    }

    /// Presses keys wherever the focus is.
    pub fn press(&self, keys: &[&str]) {
        let down = keys
            .iter()
            .map(|key| json!({"type": "keyDown", "value": key}));
        let up = keys
            .iter()
            .rev()
            .map(|key| json!({"type": "keyUp", "value": key}));
        let actions: Vec<Value> = down.chain(up).collect();
        self.post(
            "/actions",
            &json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]}),
        );
    }

    /// Closes the window, and with it the program.
    pub fn close(self) {
        let closed = self.agent.delete(&self.base).call();
        assert!(closed.is_ok(), "the session does not close");
    }
}
