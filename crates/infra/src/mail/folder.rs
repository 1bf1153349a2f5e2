//! Mail into a folder, where no mail server is set up: one `.eml` file each, readable for its owner only.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use keyward_domain::model::mail::Message;
use keyward_domain::ports::mailer::{MailError, Mailer};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::mail::sender::Sender;

/// Writes mails into a folder. A mail has the same file each time, so that there is never a second one.
pub struct MailFolder {
    folder: PathBuf,
    sender: Sender,
}

impl MailFolder {
    /// Mails go to `folder`, which is made when the first one comes.
    pub fn new(folder: PathBuf, sender: Sender) -> Self {
        Self { folder, sender }
    }
}

#[async_trait]
impl Mailer for MailFolder {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let bytes = self.sender.write(message, true)?.formatted();
        let (folder, file) = (self.folder.clone(), file_name(message.reference, message.created_at));
        let path = folder.join(&file);
        let written = tokio::task::spawn_blocking(move || write(&folder, &file, &bytes));
        let done = written.await.map_err(std::io::Error::other).and_then(|done| done);
        done.map_err(|error| MailError {
            permanent: false,
            reason: format!("{} cannot be written to: {error}", self.folder.display()),
        })?;
        let (to, subject) = (message.recipient.as_str(), message.letter.subject.as_str());
        tracing::info!(to, subject, file = %path.display(), "wrote a mail");
        Ok(())
    }
}

/// The name of a mail's file.
pub fn file_name(reference: Uuid, created_at: OffsetDateTime) -> String {
    format!("{}-{reference}.eml", created_at.unix_timestamp())
}

/// Writes beside the final name first, so that no program ever reads half a mail.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    make(folder)?;
    let draft = folder.join(name).with_extension("tmp");
    if let Err(error) = std::fs::remove_file(&draft)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, folder.join(name))?;
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
