using MailCluster.Protocol.Client;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Tests.Client;

public class ClientStateTests
{
    private static readonly Extensions _tlsOffered = new() { StartTls = true, Pipelining = true };

    private static readonly ClientState _greeted = new ClientState.Greeted("mx", TlsUse.Opportunistic);
    private static readonly ClientState _introduced = new ClientState.Introduced("mx", TlsUse.Opportunistic);
    private static readonly ClientState _introducedInTls = new ClientState.Introduced("mx", TlsUse.Established);
    private static readonly ClientState _plain = new ClientState.IntroducedPlainly("mx", TlsUse.Opportunistic);
    private static readonly ClientState _asked = new ClientState.TlsAsked("mx", TlsUse.Opportunistic, _tlsOffered);

    public static TheoryData<string, ClientState, string, Type> Steps => new()
    {
        { "RFC 5321 3.1: greeting, then EHLO", _greeted, "220 mx ready", typeof(ClientEffect.SendEhlo) },
        { "a greeting of another code", _greeted, "250 mx ready", typeof(ClientEffect.LeaveHost) },
        { "4xx greeting", _greeted, "450 busy", typeof(ClientEffect.LeaveHost) },
        { "421 greeting", _greeted, "421 4.3.2 going down", typeof(ClientEffect.LeaveHost) },
        { "RFC 5321 3.1: 554 greeting", _greeted, "554 no service", typeof(ClientEffect.LeaveHost) },
        { "RFC 7504: 521 greeting", _greeted, "521 no mail here", typeof(ClientEffect.LeaveHost) },
        { "EHLO accepted", _introduced, "250 mx", typeof(ClientEffect.Serve) },
        { "RFC 5321 3.2: EHLO unknown, HELO is tried", _introduced, "500 what?", typeof(ClientEffect.SendHelo) },
        { "RFC 5321 3.2: EHLO not implemented", _introduced, "502 5.5.1 no", typeof(ClientEffect.SendHelo) },
        { "EHLO put off", _introduced, "451 4.3.0 later", typeof(ClientEffect.LeaveHost) },
        { "421 to EHLO", _introduced, "421 4.3.2 bye", typeof(ClientEffect.LeaveHost) },
        { "HELO accepted", _plain, "250 mx", typeof(ClientEffect.Serve) },
        { "HELO refused too", _plain, "550 no", typeof(ClientEffect.LeaveHost) },
        { "RFC 3207: STARTTLS where offered", _introduced, "250-mx|250 STARTTLS", typeof(ClientEffect.SendStartTls) },
        { "RFC 3207 4.2: no STARTTLS inside TLS", _introducedInTls, "250-mx|250 STARTTLS", typeof(ClientEffect.Serve) },
        { "no STARTTLS after a failed handshake", new ClientState.Introduced("mx", TlsUse.Refrain), "250-mx|250 STARTTLS", typeof(ClientEffect.Serve) },
        { "STARTTLS granted", _asked, "220 2.0.0 go", typeof(ClientEffect.BeginHandshake) },
        { "RFC 3207 4: 454 to STARTTLS, on in clear", _asked, "454 4.7.0 not now", typeof(ClientEffect.Serve) },
        { "5xx to STARTTLS, on in clear", _asked, "502 5.5.1 no", typeof(ClientEffect.Serve) },
        { "421 to STARTTLS", _asked, "421 4.3.2 bye", typeof(ClientEffect.LeaveHost) },
        { "3xx makes no sense before DATA", _introduced, "354 go", typeof(ClientEffect.LeaveHost) },
    };

    [Theory]
    [MemberData(nameof(Steps))]
    public void Decides_each_reply(string because, ClientState state, string reply, Type effect) => Assert.True(state.On(Read(reply)).Effect.GetType() == effect, because);

    [Fact]
    public void Forgets_what_was_offered_before_tls()
    {
        var encrypted = new ClientState.Handshaking("mx", TlsUse.Opportunistic).OnEncrypted();
        Assert.IsType<ClientEffect.SendEhlo>(encrypted.Effect);
        var served = Assert.IsType<ClientEffect.Serve>(encrypted.State.On(Read("250 mx")).Effect);
        Assert.Equal(Extensions.None, served.Extensions);
    }

    [Fact]
    public void Reconnects_in_clear_when_the_handshake_fails() =>
        Assert.IsType<ClientEffect.ReconnectInClear>(new ClientState.Handshaking("mx", TlsUse.Opportunistic).OnHandshakeFailed().Effect);

    [Fact]
    public void Keeps_what_was_offered_when_starttls_is_refused() =>
        Assert.True(Assert.IsType<ClientEffect.Serve>(_asked.On(Read("454 4.7.0 no")).Effect).Extensions.Pipelining);

    public static TheoryData<string, ClientState, string, bool, bool> Failures => new()
    {
        { "RFC 7504: 521 is for good", _greeted, "521 5.3.2 no mail here", true, false },
        { "a 554 greeting is a bad day, not the end of a queue", _greeted, "554 5.7.1 blocked", false, true },
        { "421 stays what it is", _greeted, "421 4.7.0 slow down", false, false },
        { "a refusal of HELO is temporary", _plain, "550 5.7.1 no", false, true },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Reads_permanence_of_host_failures(string because, ClientState state, string reply, bool isPermanent, bool isLocal)
    {
        var failure = Assert.IsType<ClientEffect.LeaveHost>(state.On(Read(reply)).Effect).Failure;
        Assert.True(failure is { Scope: FailureScope.Host, RemoteMta: "mx" }, because);
        Assert.Equal(isPermanent, failure.IsPermanent);
        Assert.Equal(isLocal, failure.IsLocal);
        Assert.Contains(reply[10..], failure.Reply.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_temporary_failure_among_hosts_makes_their_sum_temporary()
    {
        var permanent = HostFailures.Refused(Read("521 no mail"), ClientStep.Greeting, "a");
        var temporary = HostFailures.Lost(ClientStep.Greeting, "b");
        Assert.False(HostFailures.Add(permanent, temporary).IsPermanent);
        Assert.False(HostFailures.Add(temporary, permanent).IsPermanent);
        Assert.True(HostFailures.Add(HostFailures.Add(null, permanent), permanent).IsPermanent);
        Assert.Equal(FailureScope.Destination, HostFailures.NoneLeft(temporary).Scope);
    }

    public static TheoryData<string, string, Extensions> Offers => new()
    {
        { "nothing", "250 mx", Extensions.None },
        { "all, in any case", "250-mx|250-pipelining|250-8BitMime|250-SMTPUTF8|250-CHUNKING|250-DSN|250 STARTTLS",
            new() { Pipelining = true, EightBitMime = true, SmtpUtf8 = true, Chunking = true, Dsn = true, StartTls = true } },
        { "the first line is a name, not a keyword", "250 PIPELINING", Extensions.None },
        { "SIZE with a limit", "250-mx|250 SIZE 1000", new() { Size = true, SizeLimit = 1000 } },
        { "RFC 1870 4: SIZE 0 is no limit", "250-mx|250 SIZE 0", new() { Size = true } },
        { "SIZE without a number", "250-mx|250 SIZE", new() { Size = true } },
        { "SIZE with nonsense", "250-mx|250 SIZE -5", new() { Size = true } },
        { "RFC 9422: limits", "250-mx|250 LIMITS RCPTMAX=20 MAILMAX=5 RCPTDOMAINMAX=1", new() { RecipientLimit = 20, MailLimit = 5 } },
        { "limits that make no sense", "250-mx|250 LIMITS RCPTMAX=0 MAILMAX= RCPTMAX=x =3", Extensions.None },
        { "unknown keywords and empty lines", "250-mx|250-X-FOO bar|250- |250 HELP", Extensions.None },
    };

    [Theory]
    [MemberData(nameof(Offers))]
    public void Reads_what_is_offered(string because, string reply, Extensions expected) => Assert.True(Extensions.Parse(Read(reply)) == expected, because);

    internal static Reply Read(string reply)
    {
        var octets = System.Text.Encoding.UTF8.GetBytes(reply.Replace("|", "\r\n", StringComparison.Ordinal) + "\r\n");
        Assert.Equal(ReplyProgress.Complete, ReplyParser.Parse(octets.AsSpan(), out var view, out _));
        return view.ToReply();
    }
}
