//! How people and machines answer the question, and how people ask to leave: a row a situation, so that a new one
//! is a line. Each was written as somebody would write it who has never read our help.

use super::tests::{TOKEN, answered, commands};
use super::*;

/// What an answer comes to.
#[derive(Debug, PartialEq, Eq)]
enum AnswerMeaning {
    Yes,
    Unclear,
}

fn said(subject: &str, text: &str) -> AnswerMeaning {
    match answered(subject, text) {
        MailCommand::Confirm { .. } => AnswerMeaning::Yes,
        _ => AnswerMeaning::Unclear,
    }
}

const QUESTION: &str = "Re: Please confirm: alerts about ZTE";

#[test]
fn people_say_yes_in_their_own_words() {
    for text in [
        "Yes, please go ahead.",
        "I confirm.",
        "Confirmed, thank you!",
        "Hi there,\n\nyes, that was me.\n\nBest\nAnn",
        "Dear Sir or Madam,\n\nI confirm my subscription.\n\nKind regards",
        "Ja, bitte bestätigen.",
        "Sehr geehrte Damen und Herren,\n\nhiermit bestätige ich mein Abonnement.",
        "Ja, ich möchte die Meldungen erhalten.",
        "Oui, je confirme mon inscription.",
        "Bonjour,\n\nOui, c'est bien moi.\n\nCordialement",
        "Sí, confirmo la suscripción.",
        "Sì, confermo. Grazie",
        "Sim, confirmo minha inscrição.",
        "Ja, dat klopt.",
        "确认订阅",
        "はい、購読します",
        "Yes, I would like to follow ZTE",
        "Yes, we confirm",
        "CAUTION: This message came from outside Example Corp. Do not open attachments.\n\nYes",
        "Yes.\n\nOn Mon, 23 Nov 2026 at 10:00, Example Watch <watch@x.example> wrote:\n> Was this you?",
        "\n\n",
        "Sent from my Galaxy",
    ] {
        assert_eq!(said(QUESTION, text), AnswerMeaning::Yes, "{text}");
    }
    assert_eq!(said("Re: [TICKET-44] Please confirm: alerts about ZTE", "yes"), AnswerMeaning::Yes);
}

#[test]
fn questions_doubts_and_complaints_are_no_yes() {
    for text in [
        "Why did I get this?",
        "Yes? No idea what this is.",
        "What is ZTE",
        "Ok so who gave you my address",
        "Sure, once you tell me who you are",
        "Nope",
        "No thanks",
        "Please don't",
        "I didn't sign up",
        "Das war ich nicht",
        "Ce n'était pas moi",
        "Yo no fui",
        "Non sono stato io",
        "Não fui eu",
        "Forwarding to legal.",
        "FYI",
        "??",
        "Ann, can you deal with this? Yes or no is fine.",
        "1",
    ] {
        assert_eq!(said(QUESTION, text), AnswerMeaning::Unclear, "{text}");
    }
    assert_eq!(
        said("Fwd: Please confirm: alerts about ZTE", "Bob, did you ask for this?"),
        AnswerMeaning::Unclear
    );
}

#[test]
fn desks_and_responders_that_begin_with_a_yes_have_not_said_it() {
    for text in [
        "Yes I am out of office until Monday",
        "Yes,\n\nI am currently away from my desk, back on 4 January.",
        "Ok, noted. Our team picks this up shortly.",
        "Confirmed receipt of your mail #123",
        "Yes, we have logged your enquiry as INC0012345.",
        "Yes. This mailbox is no longer in use.",
        "Yes, this is the help desk. An agent will be with you soon.",
        "Yes, hello and welcome to Example Support. Your number is 12.",
        "Yes! Thanks for your interest in our products. Visit our shop.",
        "Ja, ich bin bis zum 4. Januar im Urlaub.",
        "Ja, Ihre Meldung ist bei uns angekommen.",
        "Oui, votre message est bien arrivé.",
        "Oui, nous traitons ce sujet sous 48 heures",
        "Sí, su consulta quedó registrada con el número 88.",
        "Si necesita ayuda, llame al 900.",
        "Sì, la sua richiesta è stata presa in carico.",
        "Se urgente, contattare il collega.",
        "Sim, seu chamado foi aberto sob o número 77.",
        "Ja, uw melding is geregistreerd.",
        "是的，我正在休假",
        "好的，我们已收到您的邮件",
        "はい、受け付けました",
    ] {
        assert_eq!(said(QUESTION, text), AnswerMeaning::Unclear, "{text}");
    }
}

#[test]
fn desks_and_responders_without_a_mark_are_no_yes() {
    for (subject, text) in [
        (QUESTION, "Thanks for reaching out! One of us will look at it."),
        (QUESTION, "Ich bin derzeit nicht erreichbar."),
        (QUESTION, "Je suis en déplacement jusqu'à lundi."),
        (QUESTION, "Estou de licença até março."),
        (QUESTION, "您的邮件已收到"),
        (QUESTION, "ただいま席を外しております"),
        (QUESTION, "I have left Example Corp."),
        (
            "[#INC-889] Re: Please confirm: alerts about ZTE",
            "## Do not write below this line ##\n\nwe opened INC-889.",
        ),
        (
            "Re: Please confirm: alerts about ZTE (Case 00123)",
            "Hello Watch,\nthis is to let you know that we're on it.",
        ),
        ("Delivered: Please confirm: alerts about ZTE", ""),
        ("Zugestellt: Please confirm: alerts about ZTE", ""),
        ("Vacation", ""),
        ("Away: Please confirm: alerts about ZTE", ""),
        ("I am out of the office Re: Please confirm: alerts about ZTE", ""),
        ("[Case 00123456] Please confirm: alerts about ZTE", ""),
        ("Case #123 has been opened", ""),
        ("Request #99: Please confirm: alerts about ZTE", ""),
        ("INC0012345 - Please confirm: alerts about ZTE", ""),
        ("[JIRA] (SUP-12) Please confirm: alerts about ZTE", ""),
        ("Re: Please confirm: alerts about ZTE [#4711]", ""),
    ] {
        assert_eq!(said(subject, text), AnswerMeaning::Unclear, "{subject}: {text}");
    }
}

#[test]
fn people_leave_in_plain_words_of_many_languages() {
    for (text, names) in [
        ("please take my name off your mailing list", ""),
        ("Kindly remove ann@example.org from all lists", ""),
        ("I don't want these any more", ""),
        ("Please cease sending me emails", ""),
        ("Would you please unsubscribe me?", ""),
        ("Bitte keine weiteren E-Mails", ""),
        ("Bitte löschen Sie mich aus dem Verteiler", ""),
        ("Ich möchte keine Benachrichtigungen mehr", ""),
        ("Ich will das nicht mehr bekommen", ""),
        ("Merci de me retirer de la liste", ""),
        ("Je ne souhaite plus recevoir vos messages", ""),
        ("Stoppez les mails", ""),
        ("Por favor, quítenme de la lista", ""),
        ("No quiero más correos", ""),
        ("Denme de baja", ""),
        ("Per favore toglietemi dalla lista", ""),
        ("Non voglio più ricevere email", ""),
        ("Por favor, me tirem da lista", ""),
        ("Quero cancelar a inscrição", ""),
        ("Haal mij van de lijst", ""),
        ("请把我从名单中删除", ""),
        ("请不要再给我发邮件", ""),
        ("メールを止めてください", ""),
        ("I'm no longer interested in ZTE", "ZTE"),
        ("No more mails about ZTE please", "ZTE"),
        ("cancel my alerts for Hikvision", "Hikvision"),
        ("Please stop the alerts about ZTE Corporation", "ZTE Corporation"),
    ] {
        let found = commands(None, "Re: Hikvision added to the BIS Entity List", text);
        let [MailCommand::Unsubscribe(wish)] = &found[..] else { panic!("{text}: {found:?}") };
        assert!(wish.is_bare || wish.names == names, "{text}: {wish:?}");
        assert_eq!(wish.is_bare, names.is_empty(), "{text}: {wish:?}");
    }
}

#[test]
fn tags_and_banners_of_gateways_keep_nobody() {
    for subject in [
        "{Spam?} unsubscribe",
        "[SUSPECTED SPAM] [EXT] unsubscribe",
        "EXT :: unsubscribe",
        "**External** unsubscribe",
        "(EXTERN) Abmelden",
        "⚠ External: unsubscribe",
        "Re: {EXTERNAL} Re: unsubscribe",
    ] {
        let found = commands(None, subject, "[EXTERNAL EMAIL] Be careful.\n");
        assert!(
            matches!(&found[..], [MailCommand::Unsubscribe(wish)] if wish.is_bare),
            "{subject}: {found:?}"
        );
    }
}

#[test]
fn an_answer_to_one_of_our_own_subjects_asks_for_nothing_by_it() {
    for subject in [
        "Please confirm: stop alerts about ZTE",
        "Please confirm: stop all alerts",
        "Please confirm: pause all alerts",
        "Please confirm: a list of what you follow",
        "You no longer follow ZTE",
        "You no longer follow anything",
        "We will not write to you again",
        "Paused until you resume",
        "You get alerts again",
        "What you follow",
        "What you can ask for",
        "How your mail comes from now on",
        "You now follow ZTE",
        "[weekly] Hikvision: nothing changed",
        "[retracted] Hikvision removed from the Covered List",
        "Hikvision removed from the BIS Entity List",
        "Hikvision removed from 2 lists (+3 other changes)",
        "ZTE: order to cease and desist on FCC docket 21-232",
        "[regwatch] Closed: Covered List is no longer watched",
    ] {
        for mark in ["Re: ", "AW: ", "[EXTERNAL] Re: ", "Fwd: ", ""] {
            let subject = format!("{mark}{subject}");
            assert_eq!(commands(None, &subject, ""), [MailCommand::Unknown], "{subject}");
            let yes = commands(None, &subject, "Yes");
            assert_eq!(yes, [MailCommand::Unknown], "{subject}, in the plain mailbox");
        }
    }
    assert_eq!(commands(None, &format!("confirm {TOKEN}"), "").len(), 1);
}

#[test]
fn people_ask_to_follow_in_plain_words() {
    for (text, names) in [
        ("Please add me to ZTE", "ZTE"),
        ("I'd like to follow Hikvision", "Hikvision"),
        ("follow hikvision please", "hikvision"),
        ("subscribe Acme", "Acme"),
    ] {
        assert_eq!(commands(None, text, ""), [MailCommand::Subscribe(names.to_owned())], "{text}");
    }
}
