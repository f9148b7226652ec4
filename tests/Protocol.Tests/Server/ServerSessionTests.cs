using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Server;
using Texts = MailCluster.Protocol.Replies.Replies;

namespace MailCluster.Protocol.Tests.Server;

public class ServerSessionTests
{
    private static readonly Command s_bad = new Command.Refused(Texts.NotImplemented);
    private static readonly Command.Mail s_mail = new(new("a@example.org"), MailParameters.None);
    private static readonly Command.Rcpt s_rcpt = new(new("b@example.net", new("example.net")), RcptParameters.None);

    private readonly ServerSession _session = new(new("relay.example.net", 1000, 10, transactions: 2, errors: 3, 998));

    [Fact]
    public void The_last_error_that_is_allowed_is_answered_421()
    {
        Assert.Equal(502, _session.On(s_bad).Reply!.Code);
        Assert.Equal(503, _session.On(s_mail).Reply!.Code);
        Assert.Equal(421, _session.On(s_bad).Reply!.Code);
        Assert.IsType<SessionState.Closed>(_session.State);
    }

    [Fact]
    public void Refused_chunks_are_errors_too()
    {
        _session.On(new Command.Bdat(1, true));
        _session.On(new Command.Bdat(1, true));
        Assert.Equal(421, _session.On(new Command.Bdat(1, true)).Reply!.Code);
    }

    [Fact]
    public void What_our_own_limits_refuse_is_no_error()
    {
        _session.On(new Command.Ehlo("c"));
        for (var i = 0; i < 10; i++)
        {
            _session.On(s_mail);
            Assert.Equal(452, _session.On(new Outcome.MailVerdict(s_mail, Texts.SystemFull)).Reply!.Code);
        }
        Assert.Equal(0, _session.Errors);
    }

    [Fact]
    public void An_accepted_message_clears_the_count()
    {
        _session.On(s_bad);
        _session.On(s_bad);
        Accept();
        Assert.Equal(0, _session.Errors);
        Assert.Equal(502, _session.On(s_bad).Reply!.Code);
    }

    [Fact]
    public void MAIL_past_the_limit_of_transactions_ends_the_session()
    {
        Accept();
        Accept();
        Assert.Equal(2, _session.Transactions);
        Assert.Equal(Texts.TooManyTransactions, _session.On(s_mail).Reply);
        Assert.IsType<SessionState.Closed>(_session.State);
    }

    private void Accept()
    {
        _session.On(new Command.Ehlo("c"));
        _session.On(s_mail);
        _session.On(new Outcome.MailVerdict(s_mail, null));
        _session.On(s_rcpt);
        _session.On(new Outcome.RecipientVerdict(s_rcpt, null));
        _session.On(new Command.Data());
        _session.On(new Outcome.SpoolOpened(null));
        _session.On(new Outcome.ContentReceived(ContentFault.None));
        _session.On(new Outcome.ContentStored("id", null));
    }
}
