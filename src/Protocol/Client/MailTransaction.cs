using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Client;

/// <summary>
/// One mail transaction of a client, as a value. It has two positions: how far commands have been sent and how far replies have come. With PIPELINING the first runs ahead
/// (RFC 2920), by at most <see cref="Window"/> commands, so that neither side can fill the other's buffers and wait forever; without, the window is 1.
/// </summary>
/// <remarks>
/// Commands are numbered: 0 MAIL, 1 to n RCPT, n+1 DATA, n+2 the content. BDAT has no DATA. What makes the transaction end early (all refused) leads to a lone dot where 354 was
/// given, and to RSET where the peer may still hold a transaction; their replies are awaited like all others, so the positions of the next transaction never slip.
/// </remarks>
public readonly record struct MailTransaction
{
    /// <summary>Commands without a reply at most, with PIPELINING.</summary>
    public const int PipelineWindow = 100;

    private enum Stage : byte { Envelope, Content, Ending, Reset, Over }

    private int Sent { get; init; }

    private int Received { get; init; }

    private Stage At { get; init; }

    private bool MailAccepted { get; init; }

    private bool MailRefused { get; init; }

    private bool ResetSent { get; init; }

    private int StrayAccepted { get; init; }

    /// <summary>A transaction that nothing has been sent of.</summary>
    /// <param name="recipients">At least one.</param>
    /// <param name="transfer">How the content will go.</param>
    /// <param name="pipelining">Whether the peer offers it.</param>
    public static MailTransaction Begin(int recipients, ContentTransfer transfer, bool pipelining) =>
        new() { Recipients = recipients, Transfer = transfer, Window = pipelining ? PipelineWindow : 1 };

    /// <summary>Its recipients.</summary>
    public int Recipients { get; private init; }

    /// <summary>How the content goes.</summary>
    public ContentTransfer Transfer { get; private init; }

    /// <summary>Commands without a reply at most.</summary>
    public int Window { get; private init; }

    /// <summary>Recipients accepted so far.</summary>
    public int Accepted { get; private init; }

    /// <summary>All replies have come.</summary>
    public bool IsOver => At == Stage.Over;

    /// <summary>All is sent, end of data included, and the reply to it alone is open: what happens now, the peer may have the message.</summary>
    public bool AwaitsEndOfData => At == Stage.Ending && Accepted > 0;

    /// <summary>The next transaction's commands may follow at once, in the same write (RFC 2920 section 3.1: content may be the first of a group). Not after BDAT, which
    /// needs RSET where it fails (RFC 3030 section 2).</summary>
    public bool MayBeFollowed => Window > 1 && (At == Stage.Over || (At == Stage.Ending && Transfer == ContentTransfer.Data) || (At == Stage.Reset && ResetSent));

    /// <summary>The number of the recipient that <see cref="TransactionSend.Rcpt"/> is for.</summary>
    public int SendRecipient => Sent - 1;

    /// <summary>What may be sent now.</summary>
    public TransactionSend Next => At switch
    {
        Stage.Envelope when Sent - Received >= Window => TransactionSend.Nothing,
        // Nobody can get it any more: only the replies that are out are awaited.
        Stage.Envelope when IsHopeless => TransactionSend.Nothing,
        Stage.Envelope when Sent == 0 => TransactionSend.Mail,
        Stage.Envelope when Sent <= Recipients => TransactionSend.Rcpt,
        // Without PIPELINING, and before a BDAT chunk in any case, at least one recipient must have been accepted.
        Stage.Envelope when Sent == Recipients + 1 && Transfer == ContentTransfer.Data && (Window > 1 || Accepted > 0) => TransactionSend.Data,
        Stage.Content => Accepted > 0 ? TransactionSend.Content : TransactionSend.Dot,
        Stage.Reset when !ResetSent => TransactionSend.Rset,
        _ => TransactionSend.Nothing,
    };

    /// <summary>What the reply that is awaited belongs to.</summary>
    public ClientStep Awaits => At switch
    {
        Stage.Envelope when Received == 0 => ClientStep.Mail,
        Stage.Envelope when Received <= Recipients => ClientStep.Rcpt,
        Stage.Envelope => ClientStep.Data,
        Stage.Content => ClientStep.Content,
        Stage.Ending => ClientStep.EndOfData,
        Stage.Reset => ClientStep.Rset,
        _ => ClientStep.Idle,
    };

    /// <summary>A reply must come before anything else happens.</summary>
    public bool AwaitsReply => At is Stage.Ending or Stage.Reset || (At == Stage.Envelope && Received < Sent);

    private bool IsHopeless => MailRefused || (MailAccepted && Accepted == 0 && Received > Recipients);

    /// <summary>What <see cref="Next"/> names has been sent.</summary>
    public MailTransaction AfterSending() => Next switch
    {
        TransactionSend.Mail or TransactionSend.Rcpt or TransactionSend.Data => this with { Sent = Sent + 1 },
        TransactionSend.Content or TransactionSend.Dot => this with { At = Stage.Ending },
        TransactionSend.Rset => this with { ResetSent = true },
        _ => this,
    };

    /// <summary>Decides one reply.</summary>
    public TransactionTransition On(int code, EnhancedStatusCode status)
    {
        if (code == 421 || !AwaitsReply || (code is >= 300 and < 400 && !(code == 354 && At == Stage.Envelope && Received == Recipients + 1)))
        {
            return new(this with { At = Stage.Over }, TransactionVerdict.HostFailed);
        }
        return At switch
        {
            Stage.Ending => OnEndOfData(code),
            Stage.Reset => new(this with { At = Stage.Over }, code < 300 ? TransactionVerdict.None : TransactionVerdict.HostFailed),
            _ when Received == 0 => OnMail(code),
            _ when Received <= Recipients => OnRcpt(code, status),
            _ => OnData(code),
        };
    }

    /// <summary>Decides a reply that came before the content was sent to its end, on a connection that broke there: a refusal counts, anything else is as if it had not come.</summary>
    public TransactionTransition OnBrokenOff(int code) => At == Stage.Content && Accepted > 0 && code is >= 400 and not 421
        ? new(this with { At = Stage.Over }, TransactionVerdict.ContentRefused)
        : new(this with { At = Stage.Over }, TransactionVerdict.HostFailed);

    private TransactionTransition OnMail(int code) => code < 300
        ? new(this with { Received = 1, MailAccepted = true }, TransactionVerdict.None)
        : new((this with { Received = 1, MailRefused = true }).Settled(), TransactionVerdict.MailRefused);

    private TransactionTransition OnRcpt(int code, EnhancedStatusCode status)
    {
        var recipient = Received - 1;
        var next = this with { Received = Received + 1 };
        if (MailRefused)
        {
            // 503 as a rule. A recipient accepted without MAIL is remembered: such a host must not get so much as a dot.
            return new((next with { StrayAccepted = StrayAccepted + (code < 300 ? 1 : 0) }).Settled(), TransactionVerdict.None);
        }
        if (code < 300)
        {
            return new((next with { Accepted = Accepted + 1 }).Settled(), TransactionVerdict.None, recipient);
        }
        return new(next.Settled(), IsFull(code, status) && Accepted > 0 ? TransactionVerdict.RecipientPostponed : TransactionVerdict.RecipientRefused, recipient);
    }

    private TransactionTransition OnData(int code)
    {
        var next = this with { Received = Received + 1 };
        if (code == 354)
        {
            // A dot would send an empty message to those whom this host accepted against all sense: better no connection.
            return StrayAccepted > 0 ? new(next with { At = Stage.Over }, TransactionVerdict.HostFailed) : new(next with { At = Stage.Content }, TransactionVerdict.None);
        }
        return code < 300
            ? new(next with { At = Stage.Over }, TransactionVerdict.HostFailed)
            : new(next with { At = MailAccepted ? Stage.Reset : Stage.Over }, Accepted > 0 ? TransactionVerdict.DataRefused : TransactionVerdict.None);
    }

    private TransactionTransition OnEndOfData(int code)
    {
        var verdict = Accepted == 0 ? TransactionVerdict.None : code < 300 ? TransactionVerdict.Delivered : TransactionVerdict.ContentRefused;
        return new(this with { At = Transfer == ContentTransfer.Bdat && code >= 300 ? Stage.Reset : Stage.Over }, verdict);
    }

    /// <summary>Goes on where the last reply of a stage has come.</summary>
    private MailTransaction Settled()
    {
        if (Received < Sent)
        {
            return this;
        }
        if (IsHopeless)
        {
            return this with { At = MailAccepted ? Stage.Reset : Stage.Over };
        }
        return Transfer == ContentTransfer.Bdat && Received > Recipients ? this with { At = Stage.Content } : this;
    }

    /// <summary>RFC 5321 section 4.5.3.1.10: 452 for too many recipients, and 552 from those who never changed. Where the enhanced code speaks of the address or mailbox it is only that one.</summary>
    private static bool IsFull(int code, EnhancedStatusCode status) =>
        (code is 452 or 552 && status.Subject is not (1 or 2)) || (code is >= 400 and < 500 && status is { Subject: 5, Detail: 3 });
}
