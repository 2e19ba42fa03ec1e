//! A form of a server's, field by field.

use crate::commands::terminal::Terminal;
use crate::commands::typed::Typed;
use crate::era::{Member, members, quoted};
use crate::message::{elements, member, plain_string};
use crate::plain::one_line;

/// Asks for each field; the answers are the JSON text of an object. `None` if the person declines.
pub async fn fill(schema: &str, terminal: &mut Terminal) -> Option<String> {
    let fields = member(schema, "properties").and_then(members).unwrap_or_default();
    let required = strings(member(schema, "required"));
    let mut content = Vec::new();
    for field in &fields {
        let field = Field::new(field, required.iter().any(|name| *name == field.name));
        eprintln!("{}", field.heading());
        let value = loop {
            eprint!("  {}: ", field.prompt());
            let Some(line) = terminal.line().await else {
                eprintln!();
                return None;
            };
            match field.read(&line) {
                Ok(value) => break value,
                Err(why) => eprintln!("  {why}"),
            }
        };
        content.extend(value.map(|value| format!("{}:{value}", field.key)));
    }
    if fields.is_empty() {
        eprint!("  Enter to agree: ");
        terminal.line().await?;
    }
    Some(format!("{{{}}}", content.join(",")))
}

struct Field<'a> {
    key: &'a str,
    name: String,
    schema: &'a str,
    required: bool,
    choices: Vec<Choice>,
    many: bool,
}

/// One of the values that a field may have.
struct Choice {
    value: String,
    title: String,
}

impl<'a> Field<'a> {
    fn new(field: &Member<'a>, required: bool) -> Self {
        let schema = field.value;
        let many = word(schema, "type").as_deref() == Some("array");
        let choices = choices(if many { member(schema, "items").unwrap_or("{}") } else { schema });
        Field { key: field.key, name: field.name.clone().into_owned(), schema, required, choices, many }
    }

    fn heading(&self) -> String {
        let about = [word(self.schema, "title"), word(self.schema, "description")];
        let about: Vec<String> = about.into_iter().flatten().map(|text| one_line(&text)).collect();
        let must = if self.required { "" } else { " (may be left empty)" };
        let mut text = format!("\n  {}{must}", if about.is_empty() { one_line(&self.name) } else { about.join(": ") });
        for (index, choice) in self.choices.iter().enumerate() {
            text += &format!("\n    {}. {}", index + 1, one_line(&choice.title));
        }
        text
    }

    fn prompt(&self) -> String {
        let name = one_line(&self.name);
        let kind = match (self.choices.is_empty(), self.many) {
            (true, _) => word(self.schema, "format").or_else(|| word(self.schema, "type")).unwrap_or_default(),
            (false, false) => format!("1-{}", self.choices.len()),
            (false, true) => format!("1-{}, several with commas", self.choices.len()),
        };
        let default = member(self.schema, "default").map(|default| {
            let text = plain_string(default).map_or_else(|| default.to_owned(), |text| text.into_owned());
            format!(" [{}]", one_line(&text))
        });
        format!("{name} ({}){}", one_line(&kind), default.unwrap_or_default())
    }

    /// What was typed as JSON text; `None` where the field is left out.
    fn read(&self, line: &str) -> Result<Option<String>, String> {
        let line = line.trim();
        if line.is_empty() {
            return match member(self.schema, "default") {
                Some(default) => Ok(Some(default.to_owned())),
                None if self.required => Err("this is needed (Ctrl-D declines)".to_owned()),
                None => Ok(None),
            };
        }
        if self.many {
            let chosen: Result<Vec<String>, String> = line.split(',').map(|part| self.choose(part.trim())).collect();
            return Ok(Some(format!("[{}]", chosen?.join(","))));
        }
        if !self.choices.is_empty() {
            return self.choose(line).map(Some);
        }
        let line = match (word(self.schema, "type").as_deref(), line.to_ascii_lowercase().as_str()) {
            (Some("boolean"), "y" | "yes") => "true",
            (Some("boolean"), "n" | "no") => "false",
            _ => line,
        };
        let value = Typed::new(self.schema, self.schema).read(line)?;
        self.fits(&value)?;
        Ok(Some(value))
    }

    fn choose(&self, line: &str) -> Result<String, String> {
        let by_number = line.parse::<usize>().ok().and_then(|number| self.choices.get(number.checked_sub(1)?));
        let by_name = || self.choices.iter().find(|choice| choice.value == line || choice.title == line);
        let chosen = by_name().or(by_number);
        chosen.map(|choice| quoted(&choice.value)).ok_or_else(|| format!("there is no {line:?} to choose"))
    }

    /// What the schema demands beside the type, as far as the server would only say no.
    fn fits(&self, value: &str) -> Result<(), String> {
        let limit = |name| member(self.schema, name).and_then(|limit| limit.parse::<f64>().ok());
        let (size, unit) = match plain_string(value) {
            Some(text) => (text.chars().count() as f64, " characters"),
            None => (value.parse::<f64>().unwrap_or_default(), ""),
        };
        let [least, most] = if unit.is_empty() { ["minimum", "maximum"] } else { ["minLength", "maxLength"] };
        match (limit(least), limit(most)) {
            (Some(least), _) if size < least => Err(format!("at least {least}{unit} are wanted")),
            (_, Some(most)) if size > most => Err(format!("at most {most}{unit} are wanted")),
            _ => Ok(()),
        }
    }
}

/// The values of an enumeration, in any of the ways that the protocol has had for it.
fn choices(schema: &str) -> Vec<Choice> {
    let titled = member(schema, "oneOf").or_else(|| member(schema, "anyOf"));
    if let Some(titled) = titled {
        let each = elements(titled).unwrap_or_default().into_iter().map(|at| &titled[at]);
        let choice = |one: &str| {
            let value = word(one, "const")?;
            Some(Choice { title: word(one, "title").unwrap_or_else(|| value.clone()), value })
        };
        return each.filter_map(choice).collect();
    }
    let names = strings(member(schema, "enumNames"));
    let values = strings(member(schema, "enum")).into_iter().enumerate();
    values.map(|(at, value)| Choice { title: names.get(at).unwrap_or(&value).clone(), value }).collect()
}

fn word(schema: &str, name: &str) -> Option<String> {
    member(schema, name).and_then(plain_string).map(|text| text.into_owned())
}

fn strings(array: Option<&str>) -> Vec<String> {
    let Some(array) = array else { return Vec::new() };
    let each = elements(array).unwrap_or_default().into_iter();
    each.filter_map(|at| plain_string(&array[at]).map(|text| text.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(schema: &str, required: bool, line: &str) -> Result<Option<String>, String> {
        let object = format!(r#"{{"f":{schema}}}"#);
        Field::new(&members(&object).unwrap()[0], required).read(line)
    }

    #[test]
    fn a_field_is_read_as_its_schema_says() {
        let some = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(read(r#"{"type":"string"}"#, true, " Ada "), some("\"Ada\""));
        assert_eq!(read(r#"{"type":"integer","default":5}"#, true, ""), some("5"));
        assert_eq!(read(r#"{"type":"boolean"}"#, true, "Yes"), some("true"));
        assert_eq!(read(r#"{"type":"string"}"#, false, ""), Ok(None));
        assert!(read(r#"{"type":"string"}"#, true, "").is_err());
        assert!(read(r#"{"type":"integer","maximum":3}"#, true, "4").unwrap_err().contains("at most 3"));
        assert!(read(r#"{"type":"string","minLength":3}"#, true, "ab").unwrap_err().contains("at least 3"));
    }

    #[test]
    fn a_choice_is_made_by_its_number_its_name_or_its_title() {
        let one = r#"{"type":"string","oneOf":[{"const":"a","title":"First"},{"const":"2","title":"Second"}]}"#;
        for (line, value) in [("1", "a"), ("First", "a"), ("a", "a"), ("2", "2"), ("Second", "2")] {
            assert_eq!(read(one, true, line), Ok(Some(quoted(value))), "{line}");
        }
        assert!(read(one, true, "3").is_err() && read(one, true, "0").is_err());
        assert_eq!(read(r#"{"enum":["x","y"],"enumNames":["X","Y"]}"#, true, "Y"), Ok(Some("\"y\"".into())));
        let many = r#"{"type":"array","items":{"enum":["x","y"]}}"#;
        assert_eq!(read(many, true, "2, x"), Ok(Some(r#"["y","x"]"#.into())));
    }
}
