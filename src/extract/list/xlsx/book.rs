//! What a workbook consists of: its sheets, the texts they share, the styles of their cells.

use super::package::{XlsxPackage, XmlStream, attribute, is_set};
use super::style::Styles;
use super::text::{SharedText, texts};
use crate::domain::verdict::Unreadable;
use crate::extract::limits;

/// A sheet of cells.
#[derive(Debug, Clone)]
pub(super) struct SheetFile {
    pub(super) name: String,
    pub(super) is_hidden: bool,
    path: String,
}

/// A workbook, opened.
pub(super) struct Book<'b> {
    package: XlsxPackage<'b>,
    pub(super) sheets: Vec<SheetFile>,
    pub(super) facts: BookFacts,
}

/// What the cells of all sheets refer to.
#[derive(Default)]
pub(super) struct BookFacts {
    pub(super) styles: Styles,
    pub(super) texts: Vec<SharedText>,
    /// Whether days are counted from 1904, as some do on a Mac.
    pub(super) is_from_1904: bool,
}

/// A part to which another leads.
struct PartRelation {
    id: String,
    kind: String,
    target: String,
}

impl PartRelation {
    /// What the relation is, by the end of its type; the strict form has another beginning.
    fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

impl<'b> Book<'b> {
    /// # Errors
    /// Where the body is no workbook.
    pub(super) fn open(body: &'b [u8]) -> Result<Self, Unreadable> {
        let mut package = XlsxPackage::open(body)?;
        let root = relations(&mut package, "", "_rels/.rels")?;
        let path = root.iter().find(|relation| relation.is("officeDocument"));
        let path = path.map_or_else(|| "xl/workbook.xml".to_owned(), |relation| relation.target.clone());
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
        let relations = relations(&mut package, folder, &format!("{folder}/_rels/{file}.rels"))?;
        let (sheets, is_from_1904) = workbook(package.file(&path)?, &relations)?;
        let target = |kind: &str| {
            relations.iter().find(|relation| relation.is(kind)).map(|found| found.target.clone())
        };
        let mut facts = BookFacts { is_from_1904, ..BookFacts::default() };
        if let Some(path) = target("styles")
            && let Some(file) = package.find(&path)?
        {
            facts.styles = Styles::read(file)?;
        }
        if let Some(path) = target("sharedStrings")
            && let Some(file) = package.find(&path)?
        {
            facts.texts = texts(file)?;
        }
        Ok(Self { package, sheets, facts })
    }

    /// A sheet's file, and what its cells refer to.
    pub(super) fn sheet(&mut self, sheet: &SheetFile) -> Result<(XmlStream<'_>, &BookFacts), Unreadable> {
        Ok((self.package.file(&sheet.path)?, &self.facts))
    }
}

/// Where a file leads; targets are paths within the package.
fn relations(
    package: &mut XlsxPackage<'_>,
    folder: &str,
    path: &str,
) -> Result<Vec<PartRelation>, Unreadable> {
    let Some(file) = package.find(path)? else { return Ok(Vec::new()) };
    let mut relations = Vec::new();
    file.each_open(|name, tag| {
        if name == "Relationship"
            && let (Some(id), Some(kind), Some(target)) =
                (attribute(tag, "Id"), attribute(tag, "Type"), attribute(tag, "Target"))
        {
            relations.push(PartRelation { id, kind, target: joined(folder, &target) });
        }
        limits::check_parts("files of the spreadsheet", relations.len())
    })?;
    Ok(relations)
}

/// A target from a folder: `../x` leads out of it, `/x` begins at the root.
fn joined(folder: &str, target: &str) -> String {
    let (mut parts, target): (Vec<&str>, &str) = match target.strip_prefix('/') {
        Some(absolute) => (Vec::new(), absolute),
        None => (folder.split('/').filter(|part| !part.is_empty()).collect(), target),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The sheets of cells in their order, and how days are counted.
fn workbook(file: XmlStream<'_>, relations: &[PartRelation]) -> Result<(Vec<SheetFile>, bool), Unreadable> {
    let (mut sheets, mut is_from_1904) = (Vec::new(), false);
    file.each_open(|name, tag| {
        match name {
            "workbookPr" => is_from_1904 = is_set(tag, "date1904"),
            "sheet" => {
                let id = attribute(tag, "id");
                let relation = relations.iter().find(|relation| Some(&relation.id) == id.as_ref());
                if let (Some(relation), Some(name)) =
                    (relation.filter(|relation| relation.is("worksheet")), attribute(tag, "name"))
                {
                    let state = attribute(tag, "state");
                    let is_hidden = state.is_some_and(|state| state != "visible");
                    sheets.push(SheetFile { name, is_hidden, path: relation.target.clone() });
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((sheets, is_from_1904))
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn targets_are_paths_from_where_they_stand() {
        assert_eq!(joined("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(joined("xl", "/xl/styles.xml"), "xl/styles.xml");
        assert_eq!(joined("xl/a", "../../x.xml"), "x.xml");
        assert_eq!(joined("", "../xl/./workbook.xml"), "xl/workbook.xml");
    }
}
