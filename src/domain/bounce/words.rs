//! What comes back in words alone: texts of mail servers that write no report which machines can read, in the
//! languages of those who run them.
//!
//! What is clear is taken as a report would be. What is not is a mail that came back all the same: its words are
//! kept, and a person looks.

use super::{Blame, BounceKind, EnhancedStatus};
use crate::domain::text::{one_line, shorten};

/// A message that came to a mail's own bounce address, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub struct Returned<'a> {
    /// The local part of whoever it says it is from, with the name before it.
    pub from: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Its text, as a person would read it.
    pub text: &'a str,
    /// Whether its envelope has no sender, or it calls itself a report.
    pub is_from_nobody: bool,
    /// Whether it bears a mark of what machines answer by themselves (RFC 3834).
    pub is_automatic: bool,
}

/// Names of machines that return mail.
#[rustfmt::skip]
const SERVERS: &[&str] = &[
    "mailer-daemon", "mailer_daemon", "mailerdaemon", "postmaster", "mail delivery", "delivery system",
    "delivery subsystem", "microsoftexchange", "mail-daemon", "maildaemon", "mdaemon", "mailadmin",
    "mail administrator", "administrador", "systemadministrator", "system administrator", "bounce",
    "e-mail delivery", "mail system", "mailsystem", "root@",
];

/// How subjects say that a mail came back.
#[rustfmt::skip]
const FAILED: &[&str] = &[
    "undeliver", "not delivered", "could not be delivered", "couldn't be delivered",
    "delivery status notification", "delivery failure", "delivery failed", "delivery has failed",
    "failure notice", "returned mail", "returning message", "returned to sender", "mail delivery",
    "message delivery", "non-delivery", "nondeliver", "rejected", "unzustellbar", "nicht zugestellt",
    "nicht zustellbar", "unzustellbarkeit", "zustellung fehlgeschlagen", "zustellfehler", "non remis",
    "non distribué", "échec de la remise", "échec de remise", "échec de livraison", "non délivré",
    "no se pudo entregar", "no entregado", "no se puede entregar", "error de entrega", "devuelto",
    "non recapitato", "mancato recapito", "impossibile recapitare", "mancata consegna", "não entregue",
    "não foi entregue", "falha na entrega", "não pôde ser entregue", "devolvido", "onbestelbaar",
    "niet bezorgd", "niet afgeleverd", "kan inte levereras", "olevererbart", "ej levererat",
    "kunne ikke leveres", "kan ikke leveres", "ikke levert", "ei voitu toimittaa", "ei voida toimittaa",
    "niedostarcz", "nie dostarczono", "nedoručitel", "nelze doručit", "teslim edilemedi",
    "не доставлено", "недоставлен", "не может быть доставлено", "не удалось доставить", "退信", "无法投递",
    "投递失败", "無法傳遞", "無法投遞", "未送达", "配信できません", "配信不能", "届けられません", "送信できません", "배달 실패", "전달되지 않", "반송",
    "전송 실패",
];

/// There is no such mailbox.
#[rustfmt::skip]
const NO_MAILBOX: &[&str] = &[
    "no mailbox here by that name", "no such user", "no such mailbox", "no such recipient",
    "no such address", "no such account", "user unknown", "unknown user", "unknown recipient",
    "unknown address", "unknown mailbox", "unknown local part", "recipient unknown", "mailbox unknown",
    "address unknown", "user not found", "mailbox not found", "recipient not found",
    "address not found", "account not found", "unrouteable address", "unroutable address",
    "invalid recipient", "invalid mailbox", "invalid address", "invalid user", "invalid account",
    "bad destination mailbox", "does not exist", "doesn't exist", "do not exist", "doesn't have a",
    "does not have a", "not a valid mailbox", "not a known user", "not a valid recipient",
    "is not a valid", "couldn't be found", "could not be found", "wasn't found", "was not found",
    "account is disabled", "account has been disabled", "account disabled", "mailbox disabled",
    "mailbox is disabled", "user disabled", "account is inactive", "account inactive",
    "mailbox is inactive", "no longer exists", "no longer available", "no longer valid",
    "not our customer", "user doesn't", "account expired", "is not known here", "not listed in",
    "has been deactivated", "has been deleted", "unbekannter empfänger", "empfänger unbekannt",
    "benutzer unbekannt", "unbekannter benutzer", "existiert nicht", "nicht gefunden",
    "adresse unbekannt", "postfach unbekannt", "kein solcher", "keine solche", "nicht vorhanden",
    "utilisateur inconnu", "destinataire inconnu", "adresse inconnue", "n'existe pas", "introuvable",
    "n'a pas été trouvé", "boîte inexistante", "inexistant", "usuario desconocido",
    "destinatario desconocido", "no existe", "no se encontró", "no se ha encontrado",
    "dirección desconocida", "utente sconosciuto", "destinatario sconosciuto", "non esiste",
    "non è stato trovato", "inesistente", "usuário desconhecido", "destinatário desconhecido",
    "não existe", "não foi encontrado", "não encontrado", "bestaat niet", "onbekende gebruiker",
    "onbekende ontvanger", "niet gevonden", "finns inte", "okänd mottagare", "hittades inte",
    "findes ikke", "finnes ikke", "ukendt modtager", "ukjent mottaker", "blev ikke fundet",
    "ble ikke funnet", "ei ole olemassa", "ei löydy", "ei löytynyt", "tuntematon", "nie istnieje",
    "nieznany użytkownik", "nie znaleziono", "neexistuje", "nebyl nalezen", "nebyla nalezena",
    "bulunamadı", "mevcut değil", "bilinmeyen kullanıcı", "не существует", "не найден",
    "неизвестный пользователь", "нет такого", "пользователь неизвестен", "nem létezik", "nu există",
    "δεν υπάρχει", "不存在", "未找到", "找不到", "无效用户", "無效", "查无此人", "存在しません", "見つかりません", "見つかりませんでした",
    "該当するユーザ", "존재하지 않", "찾을 수 없",
];

/// The mailbox takes nothing for now.
#[rustfmt::skip]
const FULL: &[&str] = &[
    "mailbox full", "mailbox is full", "inbox is full", "over quota", "overquota", "quota exceeded",
    "exceeded quota", "exceeds quota", "out of storage", "storage quota", "disk quota",
    "insufficient storage", "exceeded storage", "postfach ist voll", "postfach voll", "mailbox voll",
    "speicherplatz", "kontingent", "boîte pleine", "est pleine", "quota dépassé", "buzón lleno",
    "está lleno", "cuota", "casella piena", "è piena", "quota superata", "caixa cheia", "está cheia",
    "cota excedida", "postvak is vol", "mailbox is vol", "är full", "er fuld", "er full", "on täynnä",
    "pełna", "przekroczon", "plná", "kutusu dolu", "kota", "переполнен", "квота", "已满", "邮箱满", "超出容量",
    "いっぱい", "容量を超え", "용량 초과", "가득",
];

/// The receiving side holds it against us, or nothing can be told of the mailbox.
#[rustfmt::skip]
const REFUSED: &[&str] = &[
    "spam", "blacklist", "blocklist", "blocked", "block list", "denylist", "reputation", "policy",
    "access denied", "not authorized", "not allowed", "permission", "unauthenticated", "dmarc", "spf",
    "dkim", "relay denied", "relaying denied", "unable to relay", "too large", "size limit", "virus",
    "content rejected", "message content", "greylist", "rate limit", "too many",
];

/// It goes on trying.
#[rustfmt::skip]
const DELAYED: &[&str] = &[
    "will be retried", "will retry", "will keep trying", "will continue to try", "try to deliver",
    "still undelivered", "still being retried", "delivery is delayed", "delayed mail",
    "delivery delayed", "has been delayed", "is delayed", "no action is required",
    "do not need to resend", "need to resend", "not yet been delivered", "temporarily deferred",
    "warning: could not send", "(delay)", "(verzögerung)", "(retard)", "verzögert",
    "wird erneut versucht", "weitere zustellversuche", "retardé", "différé", "se volverá a intentar",
    "se ha retrasado", "retrasado", "ritardo", "verrà ritentat", "atrasada", "novas tentativas",
    "vertraagd", "försenad", "forsinket", "viivästy", "opóźnion", "zpožděn", "gecikti", "задержан",
    "повторит", "将继续尝试", "延迟", "延遲", "遅延", "再試行", "지연",
];

/// It does not.
const GIVEN_UP: &[&str] = &[
    "permanent error",
    "permanent failure",
    "permanent fatal",
    "given up",
    "giving up",
    "gave up",
    "has failed",
    "failed permanently",
    "could not be delivered",
    "was not delivered",
    "fatal",
];

/// Absent people, whose responders answer to the envelope's sender.
#[rustfmt::skip]
const ABSENT: &[&str] = &[
    "out of office", "out of the office", "on vacation", "on holiday", "annual leave", "on leave",
    "maternity", "automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "abwesen",
    "im urlaub", "nicht im büro", "automatische antwort", "absence", "absent", "congé", "vacances",
    "réponse automatique", "fuera de la oficina", "vacaciones", "respuesta automática", "fuori sede",
    "fuori ufficio", "in ferie", "risposta automatica", "fora do escritório", "férias",
    "resposta automática", "afwezig", "vakantie", "automatisch antwoord", "semester", "frånvar",
    "fravær", "på ferie", "autosvar", "lomalla", "poissa", "urlop", "nieobecn",
    "odpowiedź automatyczna", "dovolen", "izinde", "ofis dışı", "в отпуске", "автоответ", "нет в офисе",
    "休假", "自动回复", "不在", "休暇", "自動返信", "自動応答", "부재", "휴가",
];

/// Where the text of a server ends and the mail that came back begins.
#[rustfmt::skip]
const COPY: &[&str] = &[
    "below this line is a copy", "this is a copy of", "copy of the message", "original message follows",
    "original message ---", "original message headers", "------ message", "message headers",
    "return-path:", "received: ", "message-id:", "list-unsubscribe", "mime-version:",
    "ursprüngliche nachricht", "message d'origine", "mensaje original", "messaggio originale",
    "mensagem original", "oorspronkelijk bericht", "原始邮件", "元のメッセージ",
];

/// So many lines of a text are looked at, and so much of it is kept.
const MAX_LINES: usize = 60;
const MAX_WORDS_CHARS: usize = 240;

/// What a message means for the mail at whose bounce address it came.
#[must_use]
pub fn in_words(message: Returned<'_>) -> BounceKind {
    let own = own_text(message.text);
    let (subject, small) = (message.subject.to_lowercase(), own.to_lowercase().replace('’', "'"));
    let from = message.from.to_lowercase();
    let is_servers = SERVERS.iter().any(|name| from.contains(name)) || contains(&subject, FAILED);
    let is_absence = contains(&subject, ABSENT) || contains(&small, ABSENT) || message.is_automatic;
    if !is_servers && (is_absence || !message.is_from_nobody) {
        return BounceKind::Nothing { why: "it came to a bounce address and is no report".to_owned() };
    }
    let words = shorten(&one_line(&format!("{} {own}", message.subject)), MAX_WORDS_CHARS);
    if (contains(&small, DELAYED) || contains(&subject, DELAYED)) && !contains(&small, GIVEN_UP) {
        return BounceKind::Nothing { why: "a report on a mail that was delayed".to_owned() };
    }
    of_text(&small, &words)
}

/// What a server's words mean that says that a mail failed.
pub(super) fn of_text(small: &str, words: &str) -> BounceKind {
    let words = words.to_owned();
    match status(small).map(EnhancedStatus::blame) {
        Some(Blame::NoMailbox) => BounceKind::NoMailbox { words },
        Some(Blame::Passing) => BounceKind::Passing { words },
        Some(Blame::Ours) => BounceKind::Undelivered { words },
        Some(Blame::Unclear) | None if contains(small, REFUSED) => BounceKind::Undelivered { words },
        _ if contains(small, FULL) => BounceKind::Passing { words },
        _ if contains(small, NO_MAILBOX) => BounceKind::NoMailbox { words },
        _ => BounceKind::Undelivered { words },
    }
}

fn contains(text: &str, any: &[&str]) -> bool {
    any.iter().any(|words| text.contains(words))
}

/// The server's own words, on one line.
fn own_text(text: &str) -> String {
    let is_copy = |line: &&str| {
        let line = line.trim().to_lowercase();
        COPY.iter().any(|mark| line.contains(mark))
    };
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(MAX_LINES)
        .take_while(|line| !is_copy(line))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The permanent status that a text names: `550 5.1.1`, `550-5.1.1`, `(#5.1.1)`, `status: 5.1.1`. A number that only
/// looks like one, of a version or an address, stands behind something else.
fn status(text: &str) -> Option<EnhancedStatus> {
    let words: Vec<&str> = text
        .split([' ', '-', '<', '>', '(', ')', '[', ']', ';', ',', '='])
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let before = at.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
        let is_said = word.starts_with('#')
            || (before.len() == 3
                && before.starts_with('5')
                && before.bytes().all(|byte| byte.is_ascii_digit()))
            || [
                "status",
                "status:",
                "code",
                "code:",
                "error",
                "error:",
                "dsn",
                "dsn:",
                "fehlercode:",
                "stat",
            ]
            .contains(&before);
        let status = EnhancedStatus::leading(word.trim_matches(['#', ':', '.', '\'', '"']))?;
        (is_said && status.class == 5 && status.detail < 100 && !status.says_nothing()).then_some(status)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, subject: &str, text: &str, expected: &str) {
        let message = Returned { from, subject, text, is_from_nobody: true, is_automatic: false };
        let verdict = in_words(message);
        let name = match &verdict {
            BounceKind::NoMailbox { .. } => "no mailbox",
            BounceKind::Passing { .. } => "passing",
            BounceKind::Undelivered { .. } => "undelivered",
            BounceKind::Complaint { .. } => "complaint",
            BounceKind::Nothing { .. } => "nothing",
        };
        assert_eq!(name, expected, "{subject}: {text} gives {verdict:?}");
    }

    #[test]
    fn what_a_server_says_clearly_is_taken_as_said() {
        let daemon = |text: &str, expected: &str| check("MAILER-DAEMON", "failure notice", text, expected);
        daemon(
            "Hi. This is the qmail-send program at mx.client.example.\nI'm afraid I wasn't able to deliver your message.\n\
             This is a permanent error; I've given up. Sorry it didn't work out.\n\n<ann@client.example>:\n\
             Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nspam",
            "no mailbox",
        );
        daemon(
            "This message was created automatically by mail delivery software.\n\nThis is a permanent error. The \
             following address(es) failed:\n\n  ann@client.example\n    Unrouteable address\n",
            "no mailbox",
        );
        daemon("<ann@client.example>: host mx[192.0.2.1] said: 550 5.1.1 User unknown", "no mailbox");
        daemon("<ann@client.example>: 552-5.2.2 The email account is over quota", "passing");
        daemon("SMTP error: 550 5.7.1 Message rejected as spam, user unknown to us", "undelivered");
        daemon("mailbox unavailable or access denied (550).", "undelivered");
        daemon("Exim 4.96.2 on 5.1.1.2 could not deliver", "undelivered");
        daemon("Ihre Nachricht konnte nicht zugestellt werden: Empfänger unbekannt", "no mailbox");
        daemon("Le destinataire n’existe pas", "no mailbox");
        daemon("El buzón lleno del destinatario", "passing");
        daemon("收件人不存在", "no mailbox");
        daemon("宛先のユーザーが見つかりませんでした", "no mailbox");
        daemon("Something went wrong.", "undelivered");
        daemon("", "undelivered");
    }

    #[test]
    fn a_delay_and_an_absence_are_no_news() {
        check(
            "MAILER-DAEMON",
            "Warning: could not send message for past 4 hours",
            "it will be retried",
            "nothing",
        );
        check(
            "postmaster",
            "Delivery Status Notification (Delay)",
            "No action is required on your part.",
            "nothing",
        );
        check("ann", "Out of Office", "I am on vacation until Monday.", "nothing");
        check("ann", "Abwesenheitsnotiz", "Ich bin im Urlaub.", "nothing");
        check("postmaster", "Undeliverable", "was delayed before; it has failed: user unknown", "no mailbox");
        check("somebody", "Your message", "It was held and can go no further.", "undelivered");
        let person = Returned {
            from: "ann",
            subject: "Re: ZTE",
            text: "user unknown",
            is_from_nobody: false,
            is_automatic: false,
        };
        assert!(matches!(in_words(person), BounceKind::Nothing { .. }));
        let responder = Returned { is_automatic: true, is_from_nobody: true, ..person };
        assert!(matches!(in_words(responder), BounceKind::Nothing { .. }));
    }
}
