//! The settings file as people write it: what they did not change stays as it is, comments and
//! fields of other versions included.

use toml::{Table, Value};
use toml_edit::{ArrayOfTables, DocumentMut, Item, TableLike};

/// What tells one entry of a list of tables from another: the first of these that it has. (What has
/// no id yet will be known by its name.)
const NAMES: [&str; 3] = ["id", "name", "path"];

fn known_by(entry: &Table) -> Option<&str> {
    NAMES
        .iter()
        .filter_map(|name| entry.get(*name)?.as_str())
        .find(|name| !name.is_empty())
}

/// The text with what is different between two states of its content changed, and nothing else.
pub(super) fn changed(text: &str, old: &Table, new: &Table) -> Result<String, String> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| error.to_string())?;
    change(document.as_table_mut(), old, new)?;
    Ok(document.to_string())
}

/// Fields that are nobody's: misspelt, or of another version.
pub(super) fn unknown(given: &Table, known: &Table) -> Vec<String> {
    given
        .keys()
        .filter(|key| !known.contains_key(*key))
        .cloned()
        .collect()
}

fn change(place: &mut dyn TableLike, old: &Table, new: &Table) -> Result<(), String> {
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        place.remove(key);
    }
    for (key, value) in new
        .iter()
        .filter(|(key, value)| old.get(*key) != Some(*value))
    {
        match (place.get_mut(key), old.get(key), value) {
            // An empty list has no tables that could say so: it is written as a value.
            (Some(Item::ArrayOfTables(tables)), Some(Value::Array(old)), Value::Array(new))
                if !new.is_empty() =>
            {
                change_list(tables, old, new)?;
            }
            (Some(item), Some(Value::Table(old)), Value::Table(new))
                if item.as_table_like().is_some() =>
            {
                if let Some(table) = item.as_table_like_mut() {
                    change(table, old, new)?;
                }
            }
            (Some(place), ..) => {
                let mut fresh = item(value)?;
                // What stands beside it on its line stays.
                if let (Some(old), Some(new)) = (place.as_value(), fresh.as_value_mut()) {
                    *new.decor_mut() = old.decor().clone();
                }
                *place = fresh;
            }
            (None, ..) => {
                place.insert(key, item(value)?);
            }
        }
    }
    Ok(())
}

fn change_list(tables: &mut ArrayOfTables, old: &[Value], new: &[Value]) -> Result<(), String> {
    let before: Vec<toml_edit::Table> = tables.iter().cloned().collect();
    tables.clear();
    for (index, value) in new.iter().enumerate() {
        let Value::Table(value) = value else {
            return Err("a list of tables has something else in it".into());
        };
        let own = known_by(value);
        let same = |other: &Value| own.is_some() && other.as_table().and_then(known_by) == own;
        // Where none is called so, one may have been renamed.
        let from = old
            .iter()
            .position(same)
            .or((old.len() == new.len()).then_some(index));
        let known = from.and_then(|from| {
            before
                .get(from)
                .cloned()
                .zip(old.get(from).and_then(Value::as_table))
        });
        let (mut table, was) = known.map_or_else(
            || (toml_edit::Table::new(), Table::new()),
            |(table, was)| (table, was.clone()),
        );
        change(&mut table, &was, value)?;
        tables.push(table);
    }
    Ok(())
}

/// A value as it is written in a file.
fn item(value: &Value) -> Result<Item, String> {
    let alone = Table::from_iter([("it".to_owned(), value.clone())]);
    let text = toml::to_string_pretty(&alone).map_err(|error| error.to_string())?;
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| error.to_string())?;
    let mut item = document
        .remove("it")
        .ok_or_else(|| "a value without a text".to_owned())?;
    let_follow(&mut item);
    Ok(item)
}

/// Tables remember where they stood in the text they came from; these are to follow what they are
/// in.
fn let_follow(item: &mut Item) {
    let each = |table: &mut toml_edit::Table| {
        table.set_position(None);
        table.iter_mut().for_each(|(_, item)| let_follow(item));
    };
    match item {
        Item::Table(table) => each(table),
        Item::ArrayOfTables(tables) => tables.iter_mut().for_each(each),
        Item::None | Item::Value(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_written_anew() {
        let text = "# mine\npaused = false # now\nfuture = 7\n\n[[profiles]]\nname = \"a\"\nsecret_of_the_future = true # keep\nbucket = \"x\"\n\n[[profiles]]\nname = \"b\"\n\n[limits]\nseconds = 9\n";
        let state = |text: &str| text.parse::<Table>().expect("TOML");
        let old = state(
            "paused = false\n[[profiles]]\nname = \"a\"\nbucket = \"x\"\n[[profiles]]\nname = \"b\"\n[limits]\nseconds = 9\n",
        );
        let new = state(
            "paused = true\n[[profiles]]\nname = \"a\"\nbucket = \"y\"\n[[profiles]]\nname = \"c\"\nregion = \"r\"\n[limits]\nseconds = 9\n",
        );

        let text = changed(text, &old, &new).expect("TOML");

        assert_eq!(
            text.parse::<Table>().expect("TOML").get("paused"),
            Some(&Value::Boolean(true))
        );
        for kept in [
            "# mine",
            "future = 7",
            "secret_of_the_future = true # keep",
            "bucket = \"y\"",
            "name = \"c\"",
            "region = \"r\"",
            "seconds = 9",
        ] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        assert!(!text.contains("\"b\""), "{text}");
    }

    #[test]
    fn an_entry_that_goes_takes_its_own_fields_along_and_no_others() {
        let text = "[[profiles]]\nname = \"a\"\nx = 1\n[[profiles]]\nname = \"b\"\nx = 2\n";
        let old = "[[profiles]]\nname = \"a\"\n[[profiles]]\nname = \"b\"\n"
            .parse()
            .expect("TOML");
        let new = "[[profiles]]\nname = \"b\"\n".parse().expect("TOML");
        assert_eq!(
            changed(text, &old, &new).expect("TOML").trim(),
            "[[profiles]]\nname = \"b\"\nx = 2"
        );
    }

    #[test]
    fn tables_inside_of_entries_follow_them_and_an_empty_list_is_said() {
        let text = "[bandwidth]\nkib = 1\n[limits]\nseconds = 9\n[[folders]]\npath = \"a\"\n";
        let state = |text: &str| text.parse::<Table>().expect("TOML");
        let with = state(
            "[bandwidth]\nkib = 1\n[limits]\nseconds = 9\n[[folders]]\npath = \"a\"\n[[folders]]\npath = \"b\"\n[[folders.variants]]\nname = \"x\"\n[folders.variants.mark]\nsize = 1\n",
        );
        let added = changed(text, &state(text), &with).expect("TOML");
        assert_eq!(state(&added), with, "{added}");
        let without = state(
            "[bandwidth]\nkib = 1\n[limits]\nseconds = 9\n[[folders]]\npath = \"a\"\n[[folders]]\npath = \"b\"\nvariants = []\n",
        );
        let emptied = changed(&added, &with, &without).expect("TOML");
        assert_eq!(state(&emptied), without, "{emptied}");
    }
}
