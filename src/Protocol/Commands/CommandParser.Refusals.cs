using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Commands;

/// <summary>What is answered to a line that cannot be obeyed? (RFC 5321 section 4.2.4, RFC 3463 section 3.6)</summary>
public static partial class CommandParser
{
    private static readonly Command
        Unknown = Refuse(500, 5, 2, "Command not recognized"),
        HttpRequest = new Command.Refused(new Reply(500, new EnhancedStatusCode(5, 5, 2), "This is SMTP, not HTTP")) { IsHttpRequest = true },
        NotImplemented = Refuse(502, 5, 1, "Command not implemented"),
        NotText = Refuse(501, 5, 2, "Line holds control characters or is not UTF-8"),
        NoArgument = Refuse(501, 5, 4, "No argument allowed"),
        HeloSyntax = Refuse(501, 5, 4, "Syntax: HELO hostname"),
        EhloSyntax = Refuse(501, 5, 4, "Syntax: EHLO hostname"),
        VrfySyntax = Refuse(501, 5, 4, "Syntax: VRFY address"),
        ExpnSyntax = Refuse(501, 5, 4, "Syntax: EXPN list"),
        MailSyntax = Refuse(501, 5, 2, "Syntax: MAIL FROM:<address> [parameters]"),
        RcptSyntax = Refuse(501, 5, 2, "Syntax: RCPT TO:<address> [parameters]"),
        BadParameter = Refuse(501, 5, 4, "Parameter value not valid, or parameter given twice"),
        UnknownParameter = Refuse(555, 5, 4, "Parameter not recognized"),
        BadSender = Refuse(501, 1, 7, "Bad sender address syntax"),
        BadRecipient = Refuse(501, 1, 3, "Bad recipient address syntax"),
        LongSender = Refuse(501, 1, 7, "Path too long"),
        LongRecipient = Refuse(501, 1, 3, "Path too long"),
        BareSender = Refuse(553, 1, 7, "Sender address needs a domain"),
        BareRecipient = Refuse(553, 1, 3, "Recipient address needs a domain"),
        BdatSyntax = new Command.UnreadableBdat(new Reply(501, new EnhancedStatusCode(5, 5, 4), "Syntax: BDAT size [LAST]"));

    private static Command MailPathRefusal(PathFault fault) => fault switch
    {
        PathFault.Brackets => MailSyntax,
        PathFault.LocalPartTooLong or PathFault.DomainTooLong or PathFault.PathTooLong => LongSender,
        PathFault.NoDomain => BareSender,
        _ => BadSender,
    };

    private static Command RcptPathRefusal(PathFault fault) => fault switch
    {
        PathFault.Brackets => RcptSyntax,
        PathFault.LocalPartTooLong or PathFault.DomainTooLong or PathFault.PathTooLong => LongRecipient,
        PathFault.NoDomain => BareRecipient,
        _ => BadRecipient,
    };

    private static Command.Refused Refuse(int code, ushort subject, ushort detail, string text) => new(new Reply(code, new EnhancedStatusCode(5, subject, detail), text));
}
