//! A mail out of a Maildir, as a mail reader shows it.

use std::fmt;
use std::path::Path;

use anyhow::Context as _;
use mail_parser::MessageParser;

/// What a mail reader shows.
pub(super) struct DemoMail {
    from: String,
    to: String,
    date: String,
    /// Its subject.
    pub subject: String,
    text: String,
    /// The HTML body.
    pub html: String,
}

impl DemoMail {
    /// Every new mail of a Maildir, in the order in which they came.
    pub(super) fn read_all(maildir: &Path) -> anyhow::Result<Vec<Self>> {
        let folder = maildir.join("new");
        let mut paths = std::fs::read_dir(&folder)
            .and_then(|entries| {
                entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
            })
            .with_context(|| format!("cannot read {}", folder.display()))?;
        paths.sort_by_key(|path| (path.metadata().and_then(|file| file.modified()).ok(), path.clone()));
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mail = MessageParser::default()
            .parse(&bytes)
            .with_context(|| format!("{} is not a mail", path.display()))?;
        let person = |address: Option<&mail_parser::Address<'_>>| {
            let person = address.and_then(|address| address.first());
            let address = person.and_then(|person| person.address()).unwrap_or_default();
            match person.and_then(|person| person.name()) {
                Some(name) => format!("{name} <{address}>"),
                None => address.to_owned(),
            }
        };
        Ok(Self {
            from: person(mail.from()),
            to: person(mail.to()),
            date: mail.date().map(mail_parser::DateTime::to_rfc822).unwrap_or_default(),
            subject: mail.subject().unwrap_or_default().to_owned(),
            text: mail.body_text(0).unwrap_or_default().into_owned(),
            html: mail.body_html(0).unwrap_or_default().into_owned(),
        })
    }
}

impl fmt::Display for DemoMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "From:    {}", self.from)?;
        writeln!(f, "To:      {}", self.to)?;
        writeln!(f, "Date:    {}", self.date)?;
        writeln!(f, "Subject: {}\n", self.subject)?;
        f.write_str(&self.text)
    }
}
