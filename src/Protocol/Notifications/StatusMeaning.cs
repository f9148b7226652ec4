using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Notifications;

/// <summary>Enhanced status codes in words for people (RFC 3463, and those that IANA's registry has added).</summary>
internal static class StatusMeaning
{
    /// <summary>A clause that can follow "because"; the general one of its class where the code is unknown.</summary>
    public static string Of(EnhancedStatusCode status) => (status.Subject, status.Detail) switch
    {
        (1, 1) => "there is no such mailbox at that domain",
        (1, 2) => "the domain of the address does not exist or cannot be reached",
        (1, 3) => "the address is malformed",
        (1, 4) => "the address is ambiguous at its destination",
        (1, 6) => "the mailbox has moved, and where to is not known",
        (1, 7) => "your own address, as the sender, was found malformed",
        (1, 8) => "your own address, as the sender, was not accepted by the destination",
        (1, 10) => "the domain of the address says that it takes no mail",
        (2, 0) => "the mailbox cannot take mail",
        (2, 1) => "the mailbox is disabled or takes no mail now",
        (2, 2) => "the mailbox is full",
        (2, 3) => "the message is larger than the mailbox allows",
        (2, 4) => "the mailing list could not be expanded",
        (3, 1) => "the mail system of the recipient is full",
        (3, 2) => "the mail system of the recipient takes no mail now",
        (3, 3) => "the mail system of the recipient lacks a feature that the message needs",
        (3, 4) => "the message is too large for the mail system of the recipient",
        (4, 1) => "the mail system of the recipient did not answer",
        (4, 2) => "the connection to the mail system of the recipient broke",
        (4, 3) => "the directory of the domain's mail servers could not be asked",
        (4, 4) => "no mail server could be found for the domain",
        (4, 5) => "the mail system of the recipient is overloaded",
        (4, 6) => "the message went round in a loop",
        (4, 7) => "the time for its delivery ran out",
        (5, 3) => "the message has too many recipients for the mail system of the recipient",
        (5, _) => "the two mail systems did not understand each other",
        (6, 1) => "the kind of content is not accepted there",
        (6, 3) => "the content would have to be converted, and cannot be",
        (6, 7) => "the address has characters that the mail system of the recipient cannot handle",
        (6, _) => "the content of the message was not accepted",
        (7, 1) when status.Class == 4 => "the mail system of the recipient puts the message off",
        (7, 1) => "the mail system of the recipient does not allow the message",
        (7, 2) => "you may not send to that mailing list",
        (7, 4) or (7, 10) or (7, 11) or (7, 30) => "the security that is asked for cannot be had there",
        (7, 7) => "the message was changed on its way",
        (7, 8) or (7, 9) => "the mail system of the recipient wants authentication",
        (7, >= 20 and <= 22) or (7, 26) => "the signature of the message is missing or wrong",
        (7, >= 23 and <= 24) => "the recipient's side found that your domain does not list this mail system as a sender",
        (7, 25) => "the address of this mail system has no valid name",
        (7, _) => "the mail system of the recipient refused it for reasons of security or policy",
        _ when status.Class == 4 => "of a passing trouble there",
        _ => "the mail system of the recipient did not accept it",
    };
}
