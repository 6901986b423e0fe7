//! What a sheet has to know of a product that its rows can ask for.

use super::column::Group;

/// A product as rows ask for it. The list of them comes from the products' own files, as data.
pub struct Product {
    /// What `--products` and the column `products` call it, such as `voice_integrity`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The columns that it alone needs, if there are any: they are read where it is wanted.
    pub columns: Option<Group>,
    /// The column in which a row can name one that is there already.
    pub sid_column: &'static str,
    /// Which numbers it takes, where it does not take every one that its profile takes.
    pub numbers: Option<NumberRule>,
}

/// Which numbers a product takes. The others are left off it and hold nothing back.
pub struct NumberRule {
    /// Whether it takes a number, given in E.164.
    pub takes: fn(&str) -> bool,
    /// Those that it takes, in a few words.
    pub words: &'static str,
}

impl PartialEq for Product {
    fn eq(&self, other: &Product) -> bool {
        self.name == other.name
    }
}

impl Eq for Product {}

impl std::fmt::Debug for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
