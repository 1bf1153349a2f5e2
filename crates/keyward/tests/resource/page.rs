//! A page of Markdown: the fenced blocks under each of its headings.

/// The fenced blocks of a page.
pub(crate) struct Page<'a> {
    sections: Vec<(&'a str, &'a str)>,
}

impl<'a> Page<'a> {
    /// Reads a page. Its sections begin with `## `.
    pub(crate) fn read(text: &'a str) -> Self {
        let sections = text.split("\n## ").skip(1);
        Self { sections: sections.map(|section| section.split_once('\n').unwrap()).collect() }
    }

    pub(crate) fn headings(&self) -> Vec<&'a str> {
        self.sections.iter().map(|(heading, _)| *heading).collect()
    }

    /// The shell commands under a heading.
    pub(crate) fn commands(&self, heading: &str) -> String {
        self.blocks(heading, "sh")
    }

    /// The answers that are shown under a heading.
    pub(crate) fn shown(&self, heading: &str) -> String {
        self.blocks(heading, "text")
    }

    fn blocks(&self, heading: &str, language: &str) -> String {
        let (_, section) = self.sections.iter().find(|(name, _)| *name == heading).unwrap();
        let opening = format!("\n```{language}\n");
        section.split(&opening).skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
    }
}
