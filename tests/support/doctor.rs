//! What a run of `doctor` has found.

use std::fmt;

use serde_json::Value;

use super::{
    bridge::{Bridge, Launch},
    shell::Told,
};

pub struct Findings {
    pub code: i32,
    /// All that was written.
    pub text: String,
    steps: Vec<Value>,
}

impl Findings {
    /// Those of a run about this URL.
    #[track_caller]
    pub fn at(url: &str, change: impl FnOnce(Launch) -> Launch) -> Self {
        Self::by(change(Bridge::bare().args(["doctor", url])))
    }

    /// Those of this command.
    #[track_caller]
    pub fn by(launch: Launch) -> Self {
        Self::of(&launch.arg("--json").told())
    }

    #[track_caller]
    pub fn of(told: &Told) -> Self {
        let json = told.json();
        assert_eq!((told.stdout.lines().count(), &json["schema_version"]), (1, &Value::from(1)), "{told:?}");
        let parts = json["parts"].as_array().unwrap_or_else(|| panic!("no parts: {told:?}"));
        let steps = parts.iter().filter_map(|part| part["steps"].as_array()).flatten().cloned().collect();
        Self { code: told.code, text: format!("{}{}", told.stdout, told.stderr), steps }
    }

    /// All steps of a name, as `state: detail; remedy`.
    pub fn all(&self, id: &str) -> Vec<String> {
        let text = |step: &Value, name: &str| step[name].as_str().unwrap_or_default().to_owned();
        let steps = self.steps.iter().filter(|step| step["id"] == id);
        steps.map(|it| format!("{}: {}; {}", text(it, "state"), text(it, "detail"), text(it, "remedy"))).collect()
    }

    /// The first step of this name.
    #[track_caller]
    pub fn step(&self, id: &str) -> &Value {
        self.steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("no step {id}: {self:?}"))
    }

    #[track_caller]
    pub fn state(&self, id: &str) -> &str {
        self.step(id)["state"].as_str().unwrap()
    }

    #[track_caller]
    pub fn detail(&self, id: &str) -> &str {
        self.step(id)["detail"].as_str().unwrap()
    }

    #[track_caller]
    pub fn remedy(&self, id: &str) -> &str {
        self.step(id)["remedy"].as_str().unwrap_or_default()
    }

    /// It is the first step that fails, and says these words.
    #[track_caller]
    pub fn fails(&self, id: &str, code: i32, words: &[&str]) {
        let first = self.steps.iter().find(|step| step["state"] == "fail").map(|step| step["id"].as_str().unwrap());
        assert_eq!((first, self.code), (Some(id), code), "{self:?}");
        let said = format!("{}; {}", self.detail(id), self.remedy(id));
        for word in words {
            assert!(said.contains(word), "{id} does not say {word:?}: {said}");
        }
    }

    /// A step that is only worth a look says these words.
    #[track_caller]
    pub fn warns(&self, id: &str, words: &[&str]) {
        let warnings: Vec<String> = self.all(id).into_iter().filter(|step| step.starts_with("warn")).collect();
        let said = |step: &&String| words.iter().all(|word| step.contains(word));
        assert!(warnings.iter().any(|step| said(&step)), "{id} does not warn of {words:?}: {self:?}");
    }
}

impl fmt::Debug for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit code {}", self.code)?;
        for step in &self.steps {
            writeln!(
                f,
                "{} {}: {} → {} ({})",
                step["state"], step["id"], step["detail"], step["remedy"], step["fixed"]
            )?;
        }
        Ok(())
    }
}
