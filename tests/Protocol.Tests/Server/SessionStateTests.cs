using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;
using MailCluster.Protocol.Server;
using Texts = MailCluster.Protocol.Replies.Replies;

namespace MailCluster.Protocol.Tests.Server;

public class SessionStateTests
{
    private static readonly SessionRules s_rules = new("relay.example.net", messageSize: 1000, recipients: 2, transactions: 3, errors: 4, lineLength: 998);
    private static readonly Peer s_peer = new("client.example", true);
    private static readonly Command.Mail s_mail = new(new("a@example.org"), MailParameters.None);
    private static readonly Command.Rcpt s_rcpt = new(new("b@example.net", new("example.net")), RcptParameters.None);

    private static SessionState Connected => new SessionState.Connected();
    private static SessionState Ready => new SessionState.Ready(s_peer);
    private static SessionState Transaction => new SessionState.Transaction(Mail(0));
    private static SessionState WithRecipient => new SessionState.Transaction(Mail(1));
    private static SessionState Full => new SessionState.Transaction(Mail(2));
    private static SessionState BetweenChunks => new SessionState.BetweenChunks(Mail(1), 600);
    private static SessionState Probe => new SessionState.Probe();
    private static SessionState ChunksRefused => new SessionState.ChunksRefused(s_peer);

    /// <summary>What is answered at once: 0 where an effect must come first.</summary>
    public static TheoryData<string, SessionState, Command, int, Type, Type?> Sequences => new()
    {
        { "RFC 5321 4.1.4: EHLO opens a session", Connected, new Command.Ehlo("c"), 250, typeof(SessionState.Ready), null },
        { "RFC 5321 4.1.1.1: HELO too", Connected, new Command.Helo("c"), 250, typeof(SessionState.Ready), null },
        { "RFC 5321 4.1.4: MAIL needs a session", Connected, s_mail, 503, typeof(SessionState.Connected), null },
        { "RFC 5321 4.1.4: RCPT needs a session", Connected, s_rcpt, 503, typeof(SessionState.Connected), null },
        { "RFC 5321 4.1.4: DATA needs a session", Connected, new Command.Data(), 503, typeof(SessionState.Connected), null },
        { "RFC 5321 4.1.4: NOOP needs none", Connected, new Command.Noop(), 250, typeof(SessionState.Connected), null },
        { "RFC 5321 4.1.4: RSET needs none", Connected, new Command.Rset(), 250, typeof(SessionState.Connected), null },
        { "RFC 5321 4.1.4: HELP needs none", Connected, new Command.Help(), 214, typeof(SessionState.Connected), null },
        { "RFC 5321 4.1.4: VRFY needs none", Connected, new Command.Vrfy("x"), 252, typeof(SessionState.Connected), null },
        { "RFC 5321 4.1.4: EXPN needs none", Connected, new Command.Expn("x"), 502, typeof(SessionState.Connected), null },
        { "RFC 5321 4.1.1.10: QUIT ends it", Connected, new Command.Quit(), 221, typeof(SessionState.Closed), typeof(Effect.Close) },
        { "STARTTLS is not offered", Ready, new Command.StartTls(), 502, typeof(SessionState.Ready), null },
        { "RFC 3030 2: BDAT out of order is swallowed", Connected, new Command.Bdat(5, false), 0, typeof(SessionState.Connected), typeof(Effect.SkipChunk) },
        { "PROXY 2.2: a load balancer may say EHLO", Probe, new Command.Ehlo("c"), 250, typeof(SessionState.Probe), null },
        { "PROXY 2.2: and HELO", Probe, new Command.Helo("c"), 250, typeof(SessionState.Probe), null },
        { "PROXY 2.2: and NOOP", Probe, new Command.Noop(), 250, typeof(SessionState.Probe), null },
        { "PROXY 2.2: and QUIT", Probe, new Command.Quit(), 221, typeof(SessionState.Closed), typeof(Effect.Close) },
        { "A load balancer sends no mail", Probe, s_mail, 550, typeof(SessionState.Probe), null },
        { "RFC 5321 3.1: without mail service, 503 to RCPT", Probe, s_rcpt, 503, typeof(SessionState.Probe), null },
        { "RFC 5321 3.1: to DATA", Probe, new Command.Data(), 503, typeof(SessionState.Probe), null },
        { "RFC 5321 3.1: to RSET", Probe, new Command.Rset(), 503, typeof(SessionState.Probe), null },
        { "RFC 5321 3.1: to VRFY", Probe, new Command.Vrfy("x"), 503, typeof(SessionState.Probe), null },
        { "RFC 5321 3.1: to EXPN", Probe, new Command.Expn("x"), 503, typeof(SessionState.Probe), null },
        { "RFC 5321 3.1: to HELP", Probe, new Command.Help(), 503, typeof(SessionState.Probe), null },
        { "RFC 5321 3.1: to STARTTLS", Probe, new Command.StartTls(), 503, typeof(SessionState.Probe), null },
        { "RFC 3030 2: and its chunks are swallowed", Probe, new Command.Bdat(5, true), 0, typeof(SessionState.Probe), typeof(Effect.SkipChunk) },
        { "RFC 5321 3.3: MAIL begins a transaction, if the node takes mail", Ready, s_mail, 0, typeof(SessionState.Ready), typeof(Effect.AdmitMail) },
        { "RFC 1870 6.1: declared size over the limit", Ready, s_mail with { Parameters = new(Size: 1001) }, 552, typeof(SessionState.Ready), null },
        { "RFC 1870 6.1: declared size at the limit", Ready, s_mail with { Parameters = new(Size: 1000) }, 0, typeof(SessionState.Ready), typeof(Effect.AdmitMail) },
        { "RFC 6531 3.5: a sender that is not ASCII", Ready, s_mail with { ReversePath = new("ä@example.org") }, 553, typeof(SessionState.Ready), null },
        { "RFC 6531 3.5: with SMTPUTF8 it may be", Ready, s_mail with { ReversePath = new("ä@example.org"), Parameters = new(SmtpUtf8: true) }, 0, typeof(SessionState.Ready), typeof(Effect.AdmitMail) },
        { "RFC 5321 3.3: RCPT needs MAIL", Ready, s_rcpt, 503, typeof(SessionState.Ready), null },
        { "RFC 5321 3.3: DATA needs MAIL", Ready, new Command.Data(), 503, typeof(SessionState.Ready), null },
        { "RFC 3030 2: BDAT needs MAIL", Ready, new Command.Bdat(5, true), 0, typeof(SessionState.Ready), typeof(Effect.SkipChunk) },
        { "RFC 5321 4.1.4: no MAIL in a transaction", Transaction, s_mail, 503, typeof(SessionState.Transaction), null },
        { "RFC 5321 3.3: RCPT asks for a verdict", Transaction, s_rcpt, 0, typeof(SessionState.Transaction), typeof(Effect.VerifyRecipient) },
        { "RFC 5321 4.5.3.1.10: past the limit of recipients", Full, s_rcpt, 452, typeof(SessionState.Transaction), null },
        { "RFC 6531 3.5: a recipient that is not ASCII", Transaction, s_rcpt with { ForwardPath = new("ö@example.net", new("example.net")) }, 553, typeof(SessionState.Transaction), null },
        { "RFC 5321 3.3: DATA needs a recipient", Transaction, new Command.Data(), 554, typeof(SessionState.Transaction), null },
        { "RFC 3030 2: so does BDAT", Transaction, new Command.Bdat(5, true), 0, typeof(SessionState.ChunksRefused), typeof(Effect.SkipChunk) },
        { "RFC 5321 4.1.1.5: RSET drops the transaction", WithRecipient, new Command.Rset(), 250, typeof(SessionState.Ready), null },
        { "RFC 5321 4.1.4: EHLO does too", WithRecipient, new Command.Ehlo("c"), 250, typeof(SessionState.Ready), null },
        { "RFC 5321 4.1.4: HELO does too", WithRecipient, new Command.Helo("c"), 250, typeof(SessionState.Ready), null },
        { "NOOP does not", WithRecipient, new Command.Noop(), 250, typeof(SessionState.Transaction), null },
        { "VRFY does not", WithRecipient, new Command.Vrfy("x"), 252, typeof(SessionState.Transaction), null },
        { "What is no command does not", WithRecipient, new Command.Refused(Texts.NotImplemented), 502, typeof(SessionState.Transaction), null },
        { "DATA asks for room", WithRecipient, new Command.Data(), 0, typeof(SessionState.OpeningSpool), typeof(Effect.OpenSpool) },
        { "BDAT asks for room", WithRecipient, new Command.Bdat(5, false), 0, typeof(SessionState.OpeningSpool), typeof(Effect.OpenSpool) },
        { "RFC 1870 6.3: a chunk over the size limit", WithRecipient, new Command.Bdat(1001, true), 0, typeof(SessionState.ChunksRefused), typeof(Effect.SkipChunk) },
        { "RFC 1870 6.3: chunks that together are", BetweenChunks, new Command.Bdat(401, true), 0, typeof(SessionState.ChunksRefused), typeof(Effect.SkipChunk) },
        { "Chunks that add up to no number", BetweenChunks, new Command.Bdat(long.MaxValue, true), 0, typeof(SessionState.ChunksRefused), typeof(Effect.SkipChunk) },
        { "RFC 3030 2: chunk follows chunk", BetweenChunks, new Command.Bdat(400, true), 0, typeof(SessionState.ReceivingChunk), typeof(Effect.ReceiveChunk) },
        { "RFC 3030 2: DATA after BDAT", BetweenChunks, new Command.Data(), 503, typeof(SessionState.BetweenChunks), null },
        { "RFC 3030 2: MAIL after BDAT", BetweenChunks, s_mail, 503, typeof(SessionState.BetweenChunks), null },
        { "RFC 3030 2: RCPT after BDAT", BetweenChunks, s_rcpt, 503, typeof(SessionState.BetweenChunks), null },
        { "RFC 3030 2: RSET drops the chunks", BetweenChunks, new Command.Rset(), 250, typeof(SessionState.Ready), typeof(Effect.Abandon) },
        { "EHLO drops the chunks", BetweenChunks, new Command.Ehlo("c"), 250, typeof(SessionState.Ready), typeof(Effect.Abandon) },
        { "QUIT drops the chunks", BetweenChunks, new Command.Quit(), 221, typeof(SessionState.Closed), typeof(Effect.Close) },
        { "RFC 3030 2: BDAT after a refused one", ChunksRefused, new Command.Bdat(5, true), 0, typeof(SessionState.ChunksRefused), typeof(Effect.SkipChunk) },
        { "RFC 3030 2: DATA after a refused one", ChunksRefused, new Command.Data(), 503, typeof(SessionState.ChunksRefused), null },
        { "RFC 3030 2: RSET forgives", ChunksRefused, new Command.Rset(), 250, typeof(SessionState.Ready), null },
        { "RFC 3030 2: MAIL begins anew", ChunksRefused, s_mail, 0, typeof(SessionState.ChunksRefused), typeof(Effect.AdmitMail) },
        { "A BDAT that cannot be read ends the session", WithRecipient, new Command.UnreadableBdat(Texts.NotImplemented), 502, typeof(SessionState.Closed), typeof(Effect.Close) },
        { "So does HTTP", Connected, new Command.Refused(Texts.NotImplemented) { IsHttpRequest = true }, 421, typeof(SessionState.Closed), typeof(Effect.Close) },
    };

    [Theory]
    [MemberData(nameof(Sequences))]
    public void A_command_is_answered_by_the_state_it_meets(string rule, SessionState state, Command command, int code, Type next, Type? effect)
    {
        var transition = state.On(command, s_rules);
        Assert.True((code, next, effect) == (transition.Reply?.Code ?? 0, transition.Next.GetType(), transition.Effect?.GetType()), $"{rule}: {transition}");
    }

    [Fact]
    public void MAIL_that_is_admitted_begins_a_transaction_without_recipients()
    {
        var transition = Ready.On(new Outcome.MailVerdict(s_mail, null));
        var mail = Assert.IsType<SessionState.Transaction>(transition.Next).Mail;
        Assert.Equal((250, 0, s_mail, s_peer), (transition.Reply!.Code, mail.Count, mail.Mail, mail.Peer));
    }

    [Fact]
    public void A_refusal_at_MAIL_leaves_the_state_and_a_421_closes()
    {
        Assert.IsType<SessionState.Ready>(Ready.On(new Outcome.MailVerdict(s_mail, Texts.SystemFull)).Next);
        var closing = Ready.On(new Outcome.MailVerdict(s_mail, Texts.SpoolUnhealthy));
        Assert.IsType<SessionState.Closed>(closing.Next);
        Assert.IsType<Effect.Close>(closing.Effect);
    }

    [Fact]
    public void A_refused_recipient_is_not_in_the_transaction()
    {
        var state = WithRecipient;
        Assert.Equal(550, state.On(new Outcome.RecipientVerdict(s_rcpt, Texts.RelayDenied)).Reply!.Code);
        Assert.Equal(1, state.CurrentMail!.Count);
        Assert.Equal(250, state.On(new Outcome.RecipientVerdict(s_rcpt, null)).Reply!.Code);
        Assert.Equal(2, state.CurrentMail!.Count);
    }

    [Fact]
    public void The_354_is_sent_only_when_there_is_room()
    {
        var opening = WithRecipient.On(new Command.Data(), s_rules).Next;
        Assert.Equal(354, opening.On(new Outcome.SpoolOpened(null)).Reply!.Code);
        var refused = opening.On(new Outcome.SpoolOpened(Texts.SystemFull));
        Assert.Equal(452, refused.Reply!.Code);
        Assert.IsType<SessionState.Ready>(refused.Next);
    }

    [Fact]
    public void A_chunk_without_room_is_swallowed_before_it_is_refused()
    {
        var opening = WithRecipient.On(new Command.Bdat(7, true), s_rules).Next;
        var refused = opening.On(new Outcome.SpoolOpened(Texts.SystemFull));
        Assert.Null(refused.Reply);
        Assert.Equal(new Effect.SkipChunk(7, Texts.SystemFull), refused.Effect);
    }

    [Fact]
    public void The_250_to_the_end_of_data_comes_after_the_store_and_names_the_message()
    {
        var receiving = WithRecipient.On(new Command.Data(), s_rules).Next.On(new Outcome.SpoolOpened(null)).Next;
        var storing = receiving.On(new Outcome.ContentReceived(ContentFault.None), s_rules);
        Assert.Null(storing.Reply);
        Assert.IsType<Effect.Store>(storing.Effect);
        var stored = storing.Next.On(new Outcome.ContentStored("id", null));
        Assert.Equal((250, "id"), (stored.Reply!.Code, stored.QueueId));
        var failed = storing.Next.On(new Outcome.ContentStored(null, Texts.LocalError));
        Assert.Equal((451, null), (failed.Reply!.Code, failed.QueueId));
        Assert.IsType<SessionState.Ready>(failed.Next);
    }

    [Theory]
    [InlineData(ContentFault.BareCarriageReturn, 554)]
    [InlineData(ContentFault.BareLineFeed, 554)]
    [InlineData(ContentFault.Nul, 554)]
    [InlineData(ContentFault.LineTooLong, 554)]
    [InlineData(ContentFault.TooLarge, 552)]
    [InlineData(ContentFault.Loop, 554)]
    public void Content_with_a_fault_is_dropped_and_refused(ContentFault fault, int code)
    {
        var data = WithRecipient.On(new Command.Data(), s_rules).Next.On(new Outcome.SpoolOpened(null)).Next.On(new Outcome.ContentReceived(fault), s_rules);
        Assert.Equal((code, true), (data.Reply!.Code, data.Next is SessionState.Ready && data.Effect is Effect.Abandon));
        var chunk = WithRecipient.On(new Command.Bdat(7, false), s_rules).Next.On(new Outcome.SpoolOpened(null)).Next.On(new Outcome.ContentReceived(fault), s_rules);
        Assert.Equal((code, true), (chunk.Reply!.Code, chunk.Next is SessionState.ChunksRefused && chunk.Effect is Effect.Abandon));
    }

    [Fact]
    public void An_outcome_that_nobody_waits_for_is_a_bug() =>
        Assert.Throws<InvalidOperationException>(() => Ready.On(new Outcome.ContentStored("id", null)));

    [Theory]
    [InlineData(true, false, "ESMTP")]
    [InlineData(false, false, "SMTP")]
    [InlineData(true, true, "UTF8SMTP")]
    public void The_protocol_is_named_as_registered(bool extended, bool utf8, string name) =>
        Assert.Equal(name, new MailTransaction(new("c", extended), s_mail with { Parameters = new(SmtpUtf8: utf8) }).Protocol);

    [Fact]
    public void Fifty_thousand_recipients_cost_fifty_thousand_places()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(50_000, Mail(50_000).Count);
        // A list that doubles, and nothing for a recipient.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000);
    }

    private static MailTransaction Mail(int recipients)
    {
        var state = new SessionState.Transaction(new(s_peer, s_mail));
        for (var i = 0; i < recipients; i++)
        {
            state.On(new Outcome.RecipientVerdict(s_rcpt, null));
        }
        return state.Mail;
    }
}
