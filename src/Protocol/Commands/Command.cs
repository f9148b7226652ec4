using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Commands;

/// <summary>One command line, parsed. What cannot be parsed is a command too (<see cref="Refused"/>), so that a session has one kind of input.</summary>
public abstract record Command
{
    private Command() { }

    /// <summary>HELO with the client's name as given (RFC 5321 section 4.1.1.1).</summary>
    public sealed record Helo(string Client) : Command;

    /// <summary>EHLO with the client's name or address literal as given.</summary>
    public sealed record Ehlo(string Client) : Command;

    /// <summary>MAIL.</summary>
    public sealed record Mail(ReversePath ReversePath, MailParameters Parameters) : Command;

    /// <summary>RCPT.</summary>
    public sealed record Rcpt(ForwardPath ForwardPath, RcptParameters Parameters) : Command;

    /// <summary>DATA.</summary>
    public sealed record Data : Command;

    /// <summary>BDAT: a chunk of so many octets follows at once (RFC 3030).</summary>
    public sealed record Bdat(long Size, bool Last) : Command;

    /// <summary>RSET.</summary>
    public sealed record Rset : Command;

    /// <summary>NOOP.</summary>
    public sealed record Noop : Command;

    /// <summary>HELP.</summary>
    public sealed record Help : Command;

    /// <summary>VRFY.</summary>
    public sealed record Vrfy(string Argument) : Command;

    /// <summary>EXPN.</summary>
    public sealed record Expn(string Argument) : Command;

    /// <summary>QUIT.</summary>
    public sealed record Quit : Command;

    /// <summary>STARTTLS.</summary>
    public sealed record StartTls : Command;

    /// <summary>
    /// A line that is no command we can obey: the reply says why (500 unknown, 501 syntax, 502 SEND and its kin, 555 unknown parameter). Counts as an error
    /// of the session.
    /// </summary>
    public sealed record Refused(Reply Reply) : Command
    {
        /// <summary>True where the line is a request of HTTP: a browser or a proxy was led here to make it speak SMTP, and the session should end.</summary>
        public bool IsHttpRequest { get; init; }
    }

    /// <summary>
    /// A BDAT that is not exactly <c>BDAT size [LAST]</c>: nobody can say how many octets of what follows are content, so it ends the session after the reply.
    /// </summary>
    public sealed record UnreadableBdat(Reply Reply) : Command;
}
