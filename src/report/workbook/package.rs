//! The parts of a workbook file: which there are, and how they point at one another.

use std::io::{BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;

use super::tag::Tag;
use super::{Cause, Input, Uneditable};

/// What is kept in memory of one part: styles, notes, relationships. The rows are streamed.
const PART_BYTES_MAX: u64 = 1 << 26;

pub(super) struct Package {
    pub archive: ZipArchive<BufReader<Box<dyn Input>>>,
}

/// One line of a file of relationships.
pub(super) struct Relationship {
    pub id: String,
    pub kind: String,
    /// The path of the part in the archive.
    pub target: String,
}

impl Package {
    pub fn open(file: Box<dyn Input>) -> Result<Package, Cause> {
        let archive = ZipArchive::new(BufReader::with_capacity(1 << 16, file))
            .map_err(|_| Cause::Uneditable(Uneditable::NoArchive))?;
        Ok(Package { archive })
    }

    pub fn has(&self, path: &str) -> bool {
        self.archive.index_for_name_raw(path.as_bytes()).is_some()
    }

    /// Whether there is a part whose path begins so.
    pub fn has_any(&self, begin: &str) -> bool {
        self.archive.file_names_raw().any(|name| name.starts_with(begin.as_bytes()))
    }

    /// A part as text, without a byte order mark.
    pub fn text(&mut self, path: &str) -> Result<String, Cause> {
        let part = self.archive.by_name(path).map_err(|_| Cause::strange(path))?;
        let mut bytes = Vec::new();
        part.take(PART_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|_| Cause::strange(path))?;
        if bytes.len() as u64 > PART_BYTES_MAX {
            return Err(Cause::strange(path));
        }
        let text = String::from_utf8(bytes).map_err(|_| Cause::strange(path))?;
        Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        })
    }

    /// What a part points at; nothing where it has no relationships.
    pub fn relationships(&mut self, of: &str) -> Result<Vec<Relationship>, Cause> {
        let path = relationships_path(of);
        if !self.has(&path) {
            return Ok(vec![]);
        }
        let text = self.text(&path)?;
        let mut found = vec![];
        for tag in tags(&text, "Relationship", &path)? {
            let (Some(id), Some(kind), Some(target)) = (tag.text("Id"), tag.text("Type"), tag.text("Target"))
            else {
                continue;
            };
            found.push(Relationship {
                id: id.into_owned(),
                kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                target: resolved(of, &target),
            });
        }
        Ok(found)
    }

    /// A path that no part has, such as `xl/comments3.xml`.
    pub fn free_path(&self, begin: &str, end: &str) -> String {
        let has = |path: &str| {
            let mut names = self.archive.file_names_raw();
            names.any(|name| name.eq_ignore_ascii_case(path.as_bytes()))
        };
        let paths = (1..).map(|number| format!("{begin}{number}{end}"));
        paths.into_iter().find(|path| !has(path)).unwrap_or_default()
    }
}

/// The file with the relationships of a part; that of the whole package for "".
pub(super) fn relationships_path(of: &str) -> String {
    match of.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/_rels/{name}.rels"),
        None => format!("_rels/{of}.rels"),
    }
}

/// The path in the archive that a relationship of a part means.
fn resolved(of: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut folders: Vec<&str> = of.split('/').collect();
    folders.pop();
    for step in target.split('/') {
        match step {
            ".." => drop(folders.pop()),
            "." | "" => {}
            step => folders.push(step),
        }
    }
    folders.join("/")
}

/// All tags of a name, whatever its prefix.
pub(super) fn tags(text: &str, name: &str, path: &str) -> Result<Vec<Tag>, Cause> {
    let mut reader = Reader::from_str(text);
    let mut found = vec![];
    loop {
        match reader.read_event().map_err(|_| Cause::strange(path))? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == name => {
                found.push(Tag(tag.to_string()));
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The text with something put in front of the closing tag of an element; an empty element is opened for it.
pub(super) fn appended(text: &str, name: &str, path: &str, more: &str) -> Result<String, Cause> {
    let mut reader = Reader::from_str(text);
    loop {
        let start = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(|_| Cause::strange(path))?;
        let end = reader.buffer_position() as usize;
        match event {
            Event::End(tag) if tag.local_name().as_ref() == name => {
                return Ok(format!("{}{more}{}", &text[..start], &text[start..]));
            }
            Event::Empty(tag) if tag.local_name().as_ref() == name => {
                let (inside, name) = (tag.to_string(), tag.name());
                let name: &str = name.as_ref();
                return Ok(format!(
                    "{}<{}>{more}</{name}>{}",
                    &text[..start],
                    inside.trim_end(),
                    &text[end..]
                ));
            }
            Event::Eof => return Err(Cause::strange(path)),
            _ => {}
        }
    }
}
